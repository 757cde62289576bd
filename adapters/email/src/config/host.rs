//! Whether a secret that goes to a host leaves this machine.

use std::net::IpAddr;

/// Whether what is sent to this host stays on this machine. Names other than `localhost` may mean anything.
pub(crate) fn is_this_machine(host: &str) -> bool {
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    host.eq_ignore_ascii_case("localhost") || bare.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

/// The host of a plain URL, without port.
pub(super) fn host_of(url: &str) -> Option<&str> {
    let authority = url.strip_prefix("http://")?.split(['/', '?', '#']).next()?;
    // Somebody's name before the host is nothing a token server has; it might hide the real one.
    if authority.contains('@') {
        return None;
    }
    match authority.strip_prefix('[') {
        Some(bracketed) => bracketed.split(']').next(),
        None => authority.split(':').next(),
    }
}
