//! How much comes from one address of the internet, whoever they say they are.

use std::net::{IpAddr, Ipv6Addr, SocketAddr};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::extract::ConnectInfo;
use axum::http::Extensions;
use tokio::time::Instant;

use crate::bucket::Bucket;
use crate::limits;
use crate::memory::{Memory, lock};

/// Where a visitor comes from, as the server knows it: the server's router inserts it as an axum `Extension`, once it made
/// out which proxies to believe. Without it the peer of the connection counts, if the server tells it (`ConnectInfo`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ClientAddress(
    /// The visitor's own address, never a proxy's.
    pub IpAddr,
);

impl ClientAddress {
    /// The address of a request, if anybody told it.
    pub(crate) fn of(extensions: &Extensions) -> Option<Self> {
        let peer = || extensions.get().map(|ConnectInfo(peer): &ConnectInfo<SocketAddr>| Self(peer.ip()));
        extensions.get().copied().or_else(peer)
    }

    /// What one customer of a provider holds: an address, or with IPv6 a network of 64 bits.
    fn block(self) -> IpAddr {
        match self.0.to_canonical() {
            v4 @ IpAddr::V4(_) => v4,
            IpAddr::V6(v6) => IpAddr::V6(Ipv6Addr::from_bits(v6.to_bits() & (u128::MAX << 64))),
        }
    }
}

/// The addresses that have sockets open, and those that had a moment ago.
#[derive(Default)]
pub(crate) struct Addresses(Mutex<Memory<IpAddr, Account>>);

struct Account {
    /// Sockets that were let in.
    inside: usize,
    /// Sockets that are just being told that there are too many.
    outside: usize,
    rates: Arc<Rates>,
}

/// What all sockets of one address share.
pub(crate) struct Rates {
    pub(crate) messages: Mutex<Bucket>,
    pub(crate) threads: Mutex<Bucket>,
}

/// A socket's place in its address's account, given back when dropped.
pub(crate) struct Guest {
    addresses: Arc<Addresses>,
    block: IpAddr,
    /// Whether it may stay; otherwise it is there to be told that it may not.
    pub(crate) inside: bool,
    pub(crate) rates: Arc<Rates>,
}

impl Addresses {
    /// Counts a socket of an address; none when not even a refusal is worth a socket any more.
    pub(crate) fn enter(self: &Arc<Self>, address: ClientAddress, now: Instant) -> Option<Guest> {
        let block = address.block();
        let mut accounts = lock(&self.0);
        let account = accounts.arrive(&block, now, || Account::new(now));
        let inside = account.inside < limits::SOCKETS_PER_ADDRESS;
        if inside {
            account.inside += 1;
        } else if account.outside < limits::REFUSALS_PER_ADDRESS {
            account.outside += 1;
        } else {
            return None;
        }
        Some(Guest { addresses: Arc::clone(self), block, inside, rates: Arc::clone(&account.rates) })
    }
}

impl Account {
    fn new(now: Instant) -> Self {
        const MINUTE: Duration = Duration::from_mins(1);
        let messages = Bucket::new(limits::ADDRESS_MESSAGES_BURST, limits::ADDRESS_MESSAGES_PER_MINUTE, MINUTE, now);
        let threads = Bucket::new(limits::ADDRESS_THREADS_BURST, limits::ADDRESS_THREADS_PER_MINUTE, MINUTE, now);
        let rates = Rates { messages: Mutex::new(messages), threads: Mutex::new(threads) };
        Self { inside: 0, outside: 0, rates: Arc::new(rates) }
    }
}

impl Drop for Guest {
    fn drop(&mut self) {
        let mut accounts = lock(&self.addresses.0);
        let Some(account) = accounts.get_mut(&self.block) else { return };
        let place = if self.inside { &mut account.inside } else { &mut account.outside };
        *place = place.saturating_sub(1);
        if account.inside + account.outside == 0 {
            accounts.leave(&self.block, Instant::now());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bucket::take_all;

    fn address(text: &str) -> ClientAddress {
        ClientAddress(text.parse().expect("an address"))
    }

    #[test]
    fn an_ipv6_network_counts_as_one_and_so_does_a_mapped_address() {
        let block = |text| address(text).block();
        assert_eq!(block("2001:db8:1:2::1"), block("2001:db8:1:2:ffff:ffff:ffff:ffff"));
        assert_ne!(block("2001:db8:1:2::1"), block("2001:db8:1:3::1"));
        assert_eq!(block("::ffff:192.0.2.1"), block("192.0.2.1"));
        assert_ne!(block("192.0.2.1"), block("192.0.2.2"));
    }

    #[test]
    fn the_servers_word_counts_before_the_connections_peer() {
        let mut extensions = Extensions::new();
        assert_eq!(ClientAddress::of(&extensions), None);
        extensions.insert(ConnectInfo(SocketAddr::from(([192, 0, 2, 1], 80))));
        assert_eq!(ClientAddress::of(&extensions), Some(address("192.0.2.1")));
        extensions.insert(address("198.51.100.7"));
        assert_eq!(ClientAddress::of(&extensions), Some(address("198.51.100.7")));
    }

    #[test]
    fn an_address_opens_so_many_sockets_is_told_so_and_then_not_even_told() {
        let (addresses, now) = (Arc::new(Addresses::default()), Instant::now());
        let enter = |text| addresses.enter(address(text), now);
        let most = limits::SOCKETS_PER_ADDRESS + limits::REFUSALS_PER_ADDRESS;
        let mut guests: Vec<_> = (0..2 * most).filter_map(|_| enter("192.0.2.1")).collect();
        assert_eq!(guests.len(), most);
        assert_eq!(guests.iter().filter(|guest| guest.inside).count(), limits::SOCKETS_PER_ADDRESS);
        assert!(enter("192.0.2.2").is_some_and(|guest| guest.inside), "another address");
        guests.pop();
        assert!(enter("192.0.2.1").is_some_and(|guest| !guest.inside));
        guests.remove(0);
        assert!(enter("192.0.2.1").is_some_and(|guest| guest.inside));
    }

    #[test]
    fn leaving_and_coming_back_wins_nothing_back() {
        let (addresses, now) = (Arc::new(Addresses::default()), Instant::now());
        let take = || {
            let guest = addresses.enter(address("192.0.2.1"), now).expect("a place");
            take_all([&guest.rates.messages, &guest.rates.threads], now)
        };
        assert!((0..limits::ADDRESS_THREADS_BURST).all(|_| take().is_ok()));
        assert_eq!(take(), Err(Duration::from_mins(1) / limits::ADDRESS_THREADS_PER_MINUTE));
    }
}
