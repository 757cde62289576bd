//! What the program holds in memory: with nobody there, and with many pages open that say nothing.

use serde_json::json;

use crate::Size;
use crate::report::{Section, float};
use crate::server::{Server, need_files};
use crate::socket::open_many;

pub(crate) async fn section(size: Size) -> Section {
    need_files(size.idle);
    let folder = tempfile::tempdir().expect("a folder");
    let server = Server::start(folder.path()).await;
    server.probe().await;
    let alone = server.resident().await;
    let sockets = open_many(server.address, 0, size.idle).await;
    let together = server.resident().await;
    let each = (together - alone) / float(sockets.len());
    let columns = &["idle sockets", "resident alone, MB", "resident with them, MB", "each socket, bytes"] as &[_];
    let rows = vec![vec![json!(sockets.len()), json!(alone / 1e6), json!(together / 1e6), json!(each.round())]];
    let about =
        "The program started on an empty folder; then web sockets that have said hello and nothing since, each of a \
                 visitor at an address of its own."
            .to_owned();
    Section { name: "sockets", about, columns, rows }
}
