//! The store's own promises: what is shipped is installed without touching what was edited, versions guard writes.

use std::sync::Arc;

use switchboard::app::{Home, open_core};
use switchboard::clock::ManualClock;
use switchboard::service::documents as service;
use switchboard::store::Error;
use switchboard::store::documents::{self, Key, Kind};

use crate::server::START;

fn flow(name: &str) -> Key {
    Key { kind: Kind::Flow, name: name.to_owned(), lang: String::new() }
}

#[tokio::test]
async fn a_second_start_keeps_what_was_edited_and_what_was_put_out_of_use() {
    let folder = tempfile::tempdir().expect("a folder");
    let clock = Arc::new(ManualClock::new(START));
    let core = open_core(&Home::at(folder.path()), Arc::clone(&clock) as _).await.expect("opens");
    let shipped = service::get(&core, &flow("complaint")).await.expect("shipped");
    assert!(shipped.shipped);
    let edited = shipped.source.replace("flow: complaint", "# edited\nflow: complaint");
    service::put(&core, flow("complaint"), shipped.version, edited.clone(), "Kim").await.expect("saved");
    service::retire(&core, flow("moving-house")).await.expect("retired");
    core.store.close().await;

    let core = open_core(&Home::at(folder.path()), clock).await.expect("opens again");
    let kept = service::get(&core, &flow("complaint")).await.expect("kept");
    assert_eq!((kept.source, kept.version, kept.shipped), (edited, shipped.version + 1, false));
    let gone = service::get(&core, &flow("moving-house")).await;
    assert!(matches!(gone, Err(service::Error::NotFound)), "{gone:?}");
    assert!(core.library.get().flows.current("complaint").is_some());
    core.store.close().await;
}

#[tokio::test]
async fn a_bad_flow_is_refused_and_the_good_one_stays_in_use() {
    let folder = tempfile::tempdir().expect("a folder");
    let core = open_core(&Home::at(folder.path()), Arc::new(ManualClock::new(START))).await.expect("opens");
    let good = service::get(&core, &flow("complaint")).await.expect("shipped");
    let bad = good.source.replacen("steps:", "stepps:", 1);
    let refused = service::put(&core, flow("complaint"), good.version, bad, "Kim").await;
    let Err(service::Error::Mistakes(problems)) = refused else { panic!("{refused:?}") };
    let listed = problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n");
    assert!(listed.contains("complaint.flow.yaml:") && listed.contains("did you mean `steps`?"), "{listed}");
    let still = service::get(&core, &flow("complaint")).await.expect("still there");
    assert_eq!((still.version, still.source), (good.version, good.source));
    core.store.close().await;
}

#[tokio::test]
async fn an_edit_of_an_older_version_is_refused() {
    let folder = tempfile::tempdir().expect("a folder");
    let core = open_core(&Home::at(folder.path()), Arc::new(ManualClock::new(START))).await.expect("opens");
    let first = service::get(&core, &flow("complaint")).await.expect("shipped");
    let mine = format!("{}\n# mine\n", first.source);
    let theirs = format!("{}\n# theirs\n", first.source);
    service::put(&core, flow("complaint"), first.version, theirs.clone(), "Ben").await.expect("saved");
    let late = service::put(&core, flow("complaint"), first.version, mine, "Ana").await;
    assert!(matches!(late, Err(service::Error::Stale)), "{late:?}");
    assert_eq!(service::get(&core, &flow("complaint")).await.expect("there").source, theirs);
    core.store.close().await;
}

#[tokio::test]
async fn every_version_of_a_flow_is_kept_for_the_conversations_that_run_on_it() {
    let folder = tempfile::tempdir().expect("a folder");
    let core = open_core(&Home::at(folder.path()), Arc::new(ManualClock::new(START))).await.expect("opens");
    let first = service::get(&core, &flow("complaint")).await.expect("shipped");
    let next = format!("{}\n# next\n", first.source);
    service::put(&core, flow("complaint"), first.version, next, "Ana").await.expect("saved");
    let all = documents::load(&mut core.store.reader().await.expect("a reader")).await.expect("reads");
    let versions: Vec<(i64, bool)> =
        all.iter().filter(|d| d.key == flow("complaint")).map(|d| (d.version, d.head)).collect();
    assert_eq!(versions, [(1, false), (2, true)]);
    core.store.close().await;
}

#[tokio::test]
async fn a_version_that_cannot_be_read_any_more_gives_way_to_the_last_good_one() {
    let folder = tempfile::tempdir().expect("a folder");
    let clock = Arc::new(ManualClock::new(START));
    let core = open_core(&Home::at(folder.path()), Arc::clone(&clock) as _).await.expect("opens");
    // As another program would have written it: saved without being checked by this one.
    core.store
        .write::<_, Error, _>(|conn| {
            Box::pin(async move {
                documents::put(conn, &flow("complaint"), 1, "flow: complaint\nstepps: []\n", false, None, START).await
            })
        })
        .await
        .expect("saved");
    core.library.reload(&core.store).await.expect("reloaded");
    let library = core.library.get();
    assert_eq!(library.flows.current("complaint").map(|(_, version)| version), Some(1));
    core.store.close().await;
}

#[tokio::test]
async fn two_servers_do_not_run_on_one_data_folder() {
    let server = crate::server::TestServer::start().await;
    let second = server.start_beside().await;
    assert!(second.is_err_and(|why| why.contains("another server runs on the data folder")));
    server.stop().await;
}
