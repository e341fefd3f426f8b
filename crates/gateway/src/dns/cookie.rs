//! DNS cookies (RFC 7873) in the form that all servers understand alike (RFC 9018): what shows that a question over UDP
//! really comes from the address that it says.
//!
//! What it is: the reading of the option, and server cookies. Nobody must have one. Who sends a cookie gets one back, and
//! whoever brings ours again has a measure of questions of its own ([`super::limit`]), so that a flood in a device's name
//! does not make the device itself wait.
//! What it is not: identity. An address that is proved is still only an address (S33).

use std::hash::Hasher;
use std::net::IpAddr;

use jiff::Timestamp;
use siphasher::sip::SipHasher24;
use subtle::ConstantTimeEq;

/// The option's code.
pub(crate) const CODE: u16 = 10;
/// Bytes of an answer's option: the client's part and ours.
pub(crate) const LENGTH: usize = 24;
/// A cookie is believed for so long, and so far into the future (RFC 9018, section 4.3), seconds.
const OLDEST: u32 = 3600;
const AHEAD: u32 = 300;

/// What a question's option says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Cookie {
    client: [u8; 8],
    /// The server's part, if it has the form of ours.
    server: Option<[u8; 16]>,
}

/// The option's data has a length that no cookie has (RFC 7873, section 5.2.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Malformed;

impl Cookie {
    /// Reads an option's data.
    pub(crate) fn read(data: &[u8]) -> Result<Self, Malformed> {
        let (client, rest) = data.split_first_chunk::<8>().ok_or(Malformed)?;
        match rest.len() {
            0 | 8..=32 => Ok(Self { client: *client, server: <[u8; 16]>::try_from(rest).ok() }),
            _ => Err(Malformed),
        }
    }
}

/// The secret behind our cookies: random for each start, which costs a client one question more.
#[derive(Debug)]
pub(crate) struct Cookies([u8; 16]);

impl Cookies {
    pub(crate) fn new(secret: [u8; 16]) -> Self {
        Self(secret)
    }

    /// Whether the cookie was made here, for this address, within the last hour.
    pub(crate) fn proves(&self, cookie: &Cookie, address: IpAddr, now: Timestamp) -> bool {
        let Some(server) = cookie.server else { return false };
        let [version, r0, r1, r2, t0, t1, t2, t3, ..] = server;
        // Serial number arithmetic (RFC 1982): the clock of the cookie wraps in 2106.
        let age = seconds(now).wrapping_sub(u32::from_be_bytes([t0, t1, t2, t3]));
        let timely = age <= OLDEST || age.wrapping_neg() <= AHEAD;
        let ours = self.sealed([version, r0, r1, r2, t0, t1, t2, t3], &cookie.client, address);
        version == 1 && timely && bool::from(server.ct_eq(&ours))
    }

    /// What goes back to the client: its part, and a fresh one of ours.
    pub(crate) fn reply(&self, cookie: &Cookie, address: IpAddr, now: Timestamp) -> [u8; LENGTH] {
        let [t0, t1, t2, t3] = seconds(now).to_be_bytes();
        let ours = self.sealed([1, 0, 0, 0, t0, t1, t2, t3], &cookie.client, address);
        let mut reply = [0; LENGTH];
        for (to, from) in reply.iter_mut().zip(cookie.client.iter().chain(&ours)) {
            *to = *from;
        }
        reply
    }

    /// RFC 9018, section 4.4: SipHash-2-4 over the client's part, version, reserved bytes, time and address.
    fn sealed(&self, head: [u8; 8], client: &[u8; 8], address: IpAddr) -> [u8; 16] {
        let mut hasher = SipHasher24::new_with_key(&self.0);
        hasher.write(client);
        hasher.write(&head);
        match address.to_canonical() {
            IpAddr::V4(v4) => hasher.write(&v4.octets()),
            IpAddr::V6(v6) => hasher.write(&v6.octets()),
        }
        let mut server = [0; 16];
        for (to, from) in server.iter_mut().zip(head.iter().chain(&hasher.finish().to_le_bytes())) {
            *to = *from;
        }
        server
    }
}

fn seconds(now: Timestamp) -> u32 {
    // The cast is the wrapping that RFC 9018 asks for.
    now.as_second() as u32
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    fn cookies(secret: &str) -> Cookies {
        Cookies::new(hex::decode(secret).unwrap().try_into().unwrap())
    }

    /// RFC 9018, appendix A.
    #[test]
    fn rfc_9018_examples() {
        for (secret, client, address, second, reply) in [
            (
                "e5e973e5a6b2a43f48e7dc849e37bfcf",
                "2464c4abcf10c957",
                "198.51.100.100",
                1_559_731_985,
                "010000005cf79f111f8130c3eee29480",
            ),
            (
                "e5e973e5a6b2a43f48e7dc849e37bfcf",
                "2464c4abcf10c957010000005cf79f111f8130c3eee29480",
                "198.51.100.100",
                1_559_734_385,
                "010000005cf7a871d4a564a1442aca77",
            ),
            (
                "e5e973e5a6b2a43f48e7dc849e37bfcf",
                "fc93fc62807ddb8601abcdef5cf78f71a314227b6679ebf5",
                "203.0.113.203",
                1_559_734_700,
                "010000005cf7a9acf73a7810aca2381e",
            ),
            (
                "445536bcd2513298075a5d379663c962",
                "22681ab97d52c298",
                "2001:db8:220:1:59de:d0f4:8769:82b8",
                1_559_741_961,
                "010000005cf7c609a6bb79d16625507a",
            ),
        ] {
            let cookie = Cookie::read(&hex::decode(client).unwrap()).unwrap();
            let found = cookies(secret).reply(&cookie, address.parse().unwrap(), at(second));
            assert_eq!(hex::encode(found), format!("{}{reply}", &client[..16]));
        }
        // A.3: the reserved bytes are not nought, and count as they came.
        let cookie = hex::decode("fc93fc62807ddb8601abcdef5cf78f71a314227b6679ebf5").unwrap();
        let (cookie, client) = (Cookie::read(&cookie).unwrap(), "203.0.113.203".parse().unwrap());
        assert!(cookies("e5e973e5a6b2a43f48e7dc849e37bfcf").proves(&cookie, client, at(1_559_728_000)));
    }

    #[test]
    fn a_cookie_proves_its_own_address_for_an_hour() {
        let (ours, theirs) = (Cookies::new([1; 16]), Cookies::new([2; 16]));
        let address = IpAddr::from([192, 0, 2, 1]);
        let learnt = ours.reply(&Cookie::read(&[9; 8]).unwrap(), address, at(10_000));
        let cookie = Cookie::read(&learnt).unwrap();
        assert!(ours.proves(&cookie, address, at(10_000)) && ours.proves(&cookie, address, at(13_600)));
        assert!(ours.proves(&cookie, address, at(9_700)), "clocks differ a little");
        assert!(!ours.proves(&cookie, address, at(13_601)) && !ours.proves(&cookie, address, at(9_699)));
        assert!(!ours.proves(&cookie, IpAddr::from([192, 0, 2, 2]), at(10_000)));
        assert!(!theirs.proves(&cookie, address, at(10_000)));
        assert!(!ours.proves(&Cookie::read(&[9; 8]).unwrap(), address, at(10_000)));
        for place in 0..LENGTH {
            let mut other = learnt;
            other[place] ^= 1;
            assert!(!ours.proves(&Cookie::read(&other).unwrap(), address, at(10_000)), "byte {place}");
        }
    }

    #[test]
    fn only_some_lengths_are_cookies() {
        for length in 0..60 {
            assert_eq!(Cookie::read(&vec![0; length]).is_ok(), length == 8 || (16..=40).contains(&length), "{length}");
        }
    }
}
