//! DNS: one path from a packet to its answer, for every transport.
//!
//! [`Dns::begin`] answers at once what needs nobody else: refusals, blocks, what the cache knows. What is left goes to
//! [`Dns::finish`], which may wait for an upstream. Both ask [`Gate::decide`], as does the proxy when it needs an
//! address ([`Dns::addresses`]), so that a name has one fate whichever way it is asked for.

mod batch;
mod compose;
mod cookie;
pub(crate) mod doors;
pub(crate) mod https;
mod key;
pub(crate) mod limit;
pub(crate) mod listen;
pub(crate) mod packed;
mod rebinding;
mod resolver;
pub(crate) mod secure;
pub(crate) mod stream;
pub(crate) mod upstream;
mod wire;

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::sync::Arc;

use filter::{Audience, Cause, Host, HostName, Outcome, Verdict};
use hickory_proto::rr::{Name, RecordType};
use jiff::Timestamp;

use crate::activity::Route;
use crate::blockpage::led::Led;
use crate::blockpage::wpad;
use crate::counters::Counters;
use crate::policy::{Asking, Client, Gate, Policy};
pub(crate) use cookie::Cookies;
use key::Key;
use limit::Limiter;
use resolver::Found;
pub(crate) use resolver::Resolver;
use upstream::{Ask, Failure};
use wire::{Code, Ede, Question, Rejected, Text};

/// A blocked device asks again after this many seconds, so that a changed decision is seen soon (S34: at most 30).
const BLOCKED_TTL: u32 = 10;
/// Children's answers live this long at most, so that the end of a session ends access (S34), seconds.
const CHILDREN_TTL: u32 = 30;
/// What is said to who asks for everything (RFC 8482): a HINFO record of "RFC8482" and nothing.
const DECLINED: &[u8] = b"\x07RFC8482\x00";
const DECLINED_TTL: u32 = 3600;
/// What a held device reads, everywhere (S9).
pub(crate) const OFFLINE: &str = "This device is offline. Ask the office.";

/// How a question came; it bounds the answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Transport {
    Udp,
    Tcp,
    /// TLS or HTTPS.
    Encrypted,
}

/// What a connection shows of who asks. What stands inside a packet (a client subnet, RFC 7871) says nothing of it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Seen<'a> {
    pub(crate) address: IpAddr,
    /// The device's secret: the last part of its path, or of the server's name that it asked for.
    pub(crate) secret: Option<&'a str>,
}

/// The DNS service.
#[derive(Debug)]
pub(crate) struct Dns {
    pub(crate) gate: Arc<Gate>,
    pub(crate) resolver: Arc<Resolver>,
    pub(crate) counters: Arc<Counters>,
    pub(crate) limiter: Limiter,
    pub(crate) cookies: Cookies,
    pub(crate) block_addresses: (Option<Ipv4Addr>, Option<Ipv6Addr>),
    /// Where our own pages' name leads.
    pub(crate) own_addresses: (Option<Ipv4Addr>, Option<Ipv6Addr>),
    pub(crate) led: Arc<Led>,
    /// Whether the name by which browsers look for a proxy leads to ours.
    pub(crate) wpad: bool,
}

/// What [`Dns::begin`] made of a packet.
#[derive(Debug)]
pub(crate) enum Step {
    /// Nothing is due.
    Silence,
    /// This is the answer.
    Answer(Vec<u8>),
    /// Somebody above must be asked.
    Wait(Box<Waiting>),
}

/// A question that waits for an upstream.
#[derive(Debug)]
pub(crate) struct Waiting {
    packet: Vec<u8>,
    transport: Transport,
    policy: Arc<Policy>,
    client: Client,
    host: Host,
    verdict: Verdict,
    ask: Ask,
}

/// Under which policy and when questions are decided: once for all that came together.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Moment<'a> {
    pub(crate) policy: &'a Arc<Policy>,
    pub(crate) at: Timestamp,
}

/// What was decided about a name, and for whom.
#[derive(Debug)]
struct Decided<'a> {
    at: Timestamp,
    policy: &'a Policy,
    client: &'a Client,
    host: &'a Host,
    verdict: &'a Verdict,
}

/// Why a name has no address for this client.
#[derive(Debug)]
pub(crate) enum NoAddress {
    /// Something in its chain of aliases is blocked.
    Blocked(Verdict),
    /// There is no such name, or it has no address.
    Unknown,
    /// Nobody above answers.
    Unreachable,
}

impl Dns {
    /// The whole way, for transports that may wait.
    pub(crate) async fn answer(&self, packet: &[u8], seen: &Seen<'_>, transport: Transport) -> Option<Vec<u8>> {
        let policy = self.gate.policy();
        let moment = Moment { policy: &policy, at: self.gate.clock.now() };
        match self.begin(packet, seen, transport, moment, Vec::new()) {
            Step::Silence => None,
            Step::Answer(answer) => Some(answer),
            Step::Wait(waiting) => Some(self.finish(*waiting).await),
        }
    }

    /// Decides, and answers what needs nobody else, in the room given.
    pub(crate) fn begin(
        &self,
        packet: &[u8],
        seen: &Seen<'_>,
        transport: Transport,
        moment: Moment<'_>,
        room: Vec<u8>,
    ) -> Step {
        let Moment { policy, at } = moment;
        let mut question = match Question::parse(packet) {
            Ok(question) => question,
            Err(Rejected::Silently) => return Step::Silence,
            Err(Rejected::With(code)) => return wire::reject(packet, code).map_or(Step::Silence, Step::Answer),
        };
        Counters::add(&self.counters.dns_answered);
        let client = policy.asker(seen.address, seen.secret);
        let proven = self.prove(&mut question, seen.address, transport, at);
        let Some(host) = question.with_name(host_of) else {
            return Step::Answer(question.answer(Code::Refused).finish());
        };
        if let Some(answer) = self.check_page(&question, moment, &client, &host) {
            return Step::Answer(answer);
        }
        if wpad::is_wpad(&host) {
            return Step::Answer(self.wpad(&question, &host));
        }
        let verdict = self.gate.decide(policy, &client, &host, None, Asking::Dns(question.kind.into()), at);
        if verdict.outcome == Outcome::Block {
            return Step::Answer(self.blocked(&question, &client, &host, &verdict, room));
        }
        if let Some(answer) = self.own_page(&question, policy, &host) {
            return Step::Answer(answer);
        }
        // What the self-test asks for in a search engine's stead is led elsewhere and exists nowhere.
        if is_nowhere(&host) && !matches!(verdict.outcome, Outcome::Rewrite(_)) {
            return Step::Answer(question.answer_in(room, Code::NxDomain).negative(BLOCKED_TTL).finish());
        }
        if question.kind == RecordType::ANY {
            // RFC 8482, section 4.2: everything at once is only ever wanted to make an answer large.
            let declined = question.answer_in(room, Code::NoError).record(RecordType::HINFO, DECLINED_TTL, DECLINED);
            return Step::Answer(declined.finish());
        }
        if let Outcome::Rewrite(to) = &verdict.outcome
            && let Ok(ip) = to.parse::<IpAddr>()
        {
            self.gate.record(&client, &host, &verdict, Route::Dns, at);
            return Step::Answer(address_answer(&question, ip, CHILDREN_TTL));
        }
        // What is led elsewhere is kept under the name that it is led to.
        let led = match &verdict.outcome {
            Outcome::Rewrite(to) => match led_to(&question, to) {
                None => return Step::Answer(nothing_of_this_type(&question)),
                led => led,
            },
            _ => None,
        };
        let key = led.as_ref().map_or_else(|| Key::of(&question), Ask::key);
        let ask = || led.clone().or_else(|| ask_for(&question));
        if let Some(found) = self.resolver.fresh(&key, ask) {
            let decided = Decided { at, policy, client: &client, host: &host, verdict: &verdict };
            return Step::Answer(self.conclude(&question, transport, &decided, &found, room));
        }
        if !self.limiter.allow(client.address, proven) {
            if !proven && question.edns.is_some_and(|edns| edns.cookie.is_some()) {
                // RFC 7873, section 5.2.3: it brings back the cookie that is in this answer, if it is there at all.
                return Step::Answer(question.answer_in(room, Code::BadCookie).finish());
            }
            let refused = question.answer_in(room, Code::Refused).because(Ede::NotReady, "too many questions at once");
            return Step::Answer(refused.finish());
        }
        let Some(ask) = ask() else { return Step::Answer(nothing_of_this_type(&question)) };
        let policy = Arc::clone(policy);
        Step::Wait(Box::new(Waiting { packet: packet.to_vec(), transport, policy, client, host, verdict, ask }))
    }

    /// Asks above and answers.
    pub(crate) async fn finish(&self, waiting: Waiting) -> Vec<u8> {
        let Waiting { packet, transport, policy, client, host, verdict, ask } = waiting;
        let found = self.resolver.resolve(&ask).await;
        let Ok(mut question) = Question::parse(&packet) else { return Vec::new() };
        let at = self.gate.clock.now();
        self.prove(&mut question, client.address, transport, at);
        match found {
            Ok(found) => {
                let decided = Decided { at, policy: &policy, client: &client, host: &host, verdict: &verdict };
                self.conclude(&question, transport, &decided, &found, Vec::new())
            }
            Err(failure) => no_answer(&question, failure),
        }
    }

    /// Puts into the question what its answer carries besides: a cookie, room. Says whether its own cookie proves that it
    /// comes from where it says.
    fn prove(&self, question: &mut Question<'_>, address: IpAddr, transport: Transport, at: Timestamp) -> bool {
        let Some(edns) = question.edns else { return false };
        let reply = edns.cookie.map(|cookie| self.cookies.reply(&cookie, address, at));
        question.reply_with(reply, transport == Transport::Encrypted);
        edns.cookie.is_some_and(|cookie| self.cookies.proves(&cookie, address, at))
    }

    /// What SERVFAIL looks like when the gateway has no room to wait.
    pub(crate) fn overloaded(waiting: &Waiting) -> Option<Vec<u8>> {
        Question::parse(&waiting.packet).ok().map(|question| no_answer(&question, Failure::Busy))
    }

    /// The addresses of a name that `verdict` let through, in the order to try them. The chain of aliases is decided
    /// too, as it is for a DNS question.
    pub(crate) async fn addresses(
        &self,
        policy: &Policy,
        client: &Client,
        host: &HostName,
        verdict: &Verdict,
    ) -> Result<Vec<IpAddr>, NoAddress> {
        let name = match &verdict.outcome {
            Outcome::Rewrite(to) => match to.parse::<IpAddr>() {
                Ok(ip) => return Ok(vec![ip]),
                Err(_) => to.as_str(),
            },
            _ if is_nowhere(&Host::Name(host.clone())) => return Err(NoAddress::Unknown),
            _ => host.as_str(),
        };
        let name = Name::from_ascii(name).map_err(|_| NoAddress::Unknown)?.to_lowercase();
        let ask = |kind| Ask { name: fully_qualified(&name), kind, dnssec_ok: false, checking_disabled: false };
        let (v4, v6) = (ask(RecordType::A), ask(RecordType::AAAA));
        let (v4, v6) = tokio::join!(self.resolver.resolve(&v4), self.resolver.resolve(&v6));
        let mut addresses = Vec::new();
        let mut reached = false;
        let at = self.gate.clock.now();
        for found in [v4, v6].into_iter().flatten() {
            reached = true;
            let host = Host::Name(host.clone());
            if let Some(verdict) = self.leads_to(&Decided { at, policy, client, host: &host, verdict }, &found) {
                return Err(NoAddress::Blocked(verdict));
            }
            addresses.extend(found.entry.packed.addresses.iter().copied());
        }
        match addresses.is_empty() {
            false => Ok(addresses),
            true if reached => Err(NoAddress::Unknown),
            true => Err(NoAddress::Unreachable),
        }
    }

    /// Turns what is known about a name into what this client may see of it.
    fn conclude(
        &self,
        question: &Question<'_>,
        transport: Transport,
        decided: &Decided<'_>,
        found: &Found,
        room: Vec<u8>,
    ) -> Vec<u8> {
        let Decided { at, client, host, verdict, .. } = decided;
        if let Some(alias_verdict) = self.leads_to(decided, found) {
            self.gate.record(client, host, &alias_verdict, Route::Dns, *at);
            return self.blocked(question, client, host, &alias_verdict, room);
        }
        // A browser asks three types for each page; one address question stands for them.
        if matches!(question.kind, RecordType::A | RecordType::AAAA) {
            self.gate.record(client, host, verdict, Route::Dns, *at);
        }
        let limit = match transport {
            Transport::Udp => question.udp_limit(),
            Transport::Tcp | Transport::Encrypted => usize::from(u16::MAX),
        };
        let longest = if client.audience == Audience::Children { CHILDREN_TTL } else { u32::MAX };
        let bytes = match verdict.outcome {
            Outcome::Rewrite(_) => compose::led_elsewhere(question, found, longest),
            _ => found.entry.packed.answer(question, room, |ttl| found.ttl(ttl).min(longest)),
        };
        let ede = found.stale.then(|| match found.entry.packed.is_no() {
            true => (Ede::StaleNxDomain, Text::from("the provider's DNS does not answer")),
            false => (Ede::StaleAnswer, Text::from("the provider's DNS does not answer")),
        });
        match bytes {
            Some(bytes) if found.entry.packed.is_answer() => question.close(bytes, ede, limit),
            Some(_) => no_answer(question, Failure::Refused),
            None => no_answer(question, Failure::Unreadable),
        }
    }

    /// What an answer leads to that this client may not reach: another name, at any depth, an address, or the inside of
    /// the building. A name that a person allowed, or that is always reachable, takes its aliases with it, but for
    /// sealed ones; and a person's yes leads into no category that is locked for the group.
    fn leads_to(&self, decided: &Decided<'_>, found: &Found) -> Option<Verdict> {
        let Decided { at, policy, client, host, verdict } = decided;
        let packed = &found.entry.packed;
        let opened = matches!(verdict.cause, Cause::Rule { .. });
        let trusted = opened
            || matches!(verdict.cause, Cause::NeverLogged | Cause::Always)
            || matches!(verdict.outcome, Outcome::Rewrite(_));
        let blocked = packed.speaks_of.iter().find_map(|alias| {
            let verdict = Some(policy.verdict(client, alias, None, *at))
                .filter(|verdict| !trusted || verdict.cause == Cause::Sealed)
                .or_else(|| policy.locked_behind(client, alias).filter(|_| opened))?;
            let blocked = verdict.outcome == Outcome::Block
                && (matches!(alias, Host::Name(_)) || speaks_of_addresses(&verdict.cause));
            blocked.then_some(verdict)
        });
        blocked.or_else(|| {
            let rebinds = packed.into_the_house && !trusted && !rebinding::may_lead_inside(host, policy);
            rebinds
                .then(|| Verdict { outcome: Outcome::Block, cause: Cause::Bypass { what: rebinding::WHAT.to_owned() } })
        })
    }

    fn blocked(
        &self,
        question: &Question<'_>,
        client: &Client,
        host: &Host,
        verdict: &Verdict,
        room: Vec<u8>,
    ) -> Vec<u8> {
        Counters::add(&self.counters.dns_blocked);
        if verdict.cause == Cause::Held {
            self.counters.cut(client.subject.device, |cut| cut.dns_refused += 1);
        }
        let (ede, text) = because(verdict);
        let page = client.shows_block_page && has_page(&verdict.cause) && self.block_addresses != (None, None);
        if page {
            self.led.note(client, host);
        }
        // RFC 9462, section 6.4: this zone exists, and it says that there is no encrypted resolver to be found by asking.
        // Browsers' canaries and Apple's relay must not exist at all, or they are not heard.
        let exists = page || matches!(&verdict.cause, Cause::Bypass { what } if what == filter::DESIGNATED);
        let answer = question.answer_in(room, if exists { Code::NoError } else { Code::NxDomain });
        let answer = match (question.kind, self.block_addresses) {
            (RecordType::A, (Some(v4), _)) if page => answer.record(RecordType::A, BLOCKED_TTL, &v4.octets()),
            (RecordType::AAAA, (_, Some(v6))) if page => answer.record(RecordType::AAAA, BLOCKED_TTL, &v6.octets()),
            _ => answer.negative(BLOCKED_TTL),
        };
        answer.because(ede, text).finish()
    }

    /// The page on which a device checks itself leads to our block page's listener, whatever the hour or the group; a
    /// held device learns nothing (S9).
    fn check_page(&self, question: &Question<'_>, moment: Moment<'_>, client: &Client, host: &Host) -> Option<Vec<u8>> {
        let Host::Name(name) = host else { return None };
        if name.as_str() != crate::CHECK_HOST || self.block_addresses == (None, None) {
            return None;
        }
        let Moment { policy, at } = moment;
        if client.subject.device.is_some_and(|device| policy.held(at).any(|held| held == device)) {
            return None;
        }
        self.led.note(client, host);
        Some(match (question.kind, self.block_addresses) {
            (RecordType::A, (Some(v4), _)) => address_answer(question, v4.into(), BLOCKED_TTL),
            (RecordType::AAAA, (_, Some(v6))) => address_answer(question, v6.into(), BLOCKED_TTL),
            _ => question.answer(Code::NoError).negative(BLOCKED_TTL).finish(),
        })
    }

    /// The name by which a browser looks for a proxy, in any domain. Outside the building it is never asked for: whoever owns
    /// it there would choose the proxy of every device that asks (as happened with `wpad.` below public suffixes).
    fn wpad(&self, question: &Question<'_>, host: &Host) -> Vec<u8> {
        let ours = self.wpad && wpad::is_ours(host) && self.block_addresses != (None, None);
        match (question.kind, self.block_addresses) {
            (RecordType::A, (Some(v4), _)) if ours => address_answer(question, v4.into(), CHILDREN_TTL),
            (RecordType::AAAA, (_, Some(v6))) if ours => address_answer(question, v6.into(), CHILDREN_TTL),
            _ if ours => question.answer(Code::NoError).negative(BLOCKED_TTL).finish(),
            _ => question.answer(Code::NxDomain).negative(BLOCKED_TTL).finish(),
        }
    }

    /// Our own pages' name leads to ourselves: nobody above knows it.
    fn own_page(&self, question: &Question<'_>, policy: &Policy, host: &Host) -> Option<Vec<u8>> {
        let Host::Name(name) = host else { return None };
        let (own, _) = own_page(&policy.snapshot().web_base)?;
        if own != name.as_str() || self.own_addresses == (None, None) {
            return None;
        }
        Some(match (question.kind, self.own_addresses) {
            (RecordType::A, (Some(v4), _)) => address_answer(question, v4.into(), CHILDREN_TTL),
            (RecordType::AAAA, (_, Some(v6))) => address_answer(question, v6.into(), CHILDREN_TTL),
            _ => question.answer(Code::NoError).negative(BLOCKED_TTL).finish(),
        })
    }
}

/// For fuzzers: what any bytes get, as a question, and where they are an answer too, as that answer to the same question.
pub(crate) fn probe_answer(bytes: &[u8]) -> Option<Vec<u8>> {
    let packed = hickory_proto::op::Message::from_vec(bytes).ok().and_then(|message| packed::Packed::new(&message));
    match Question::parse(bytes) {
        Err(Rejected::Silently) => None,
        Err(Rejected::With(code)) => wire::reject(bytes, code),
        Ok(mut question) => {
            question.reply_with(question.edns.and_then(|edns| edns.cookie).map(|_| [7; cookie::LENGTH]), true);
            let host = question.with_name(host_of);
            compose::question_name(&question)?;
            let packed = packed.and_then(|packed| packed.answer(&question, Vec::new(), |ttl| ttl.min(CHILDREN_TTL)));
            Some(match (packed, host) {
                (Some(bytes), _) => {
                    question.close(bytes, Some((Ede::StaleAnswer, OFFLINE.into())), question.udp_limit())
                }
                (None, Some(_)) => {
                    question.answer(Code::NxDomain).negative(BLOCKED_TTL).because(Ede::Blocked, OFFLINE).finish()
                }
                (None, None) => question.answer(Code::Refused).finish(),
            })
        }
    }
}

/// The host of `http(s)://host[:port]/…`.
fn url_host(base: &str) -> Option<&str> {
    let rest = base.split_once("://")?.1;
    let authority = rest.split('/').next()?;
    match authority.strip_prefix('[') {
        Some(v6) => v6.split(']').next(),
        None => authority.split(':').next(),
    }
}

/// Host and port of our own pages' address.
pub(crate) fn own_page(web_base: &str) -> Option<(&str, u16)> {
    let default = if web_base.starts_with("https:") { 443 } else { 80 };
    let port = web_base.parse::<http::Uri>().ok()?.port_u16().unwrap_or(default);
    Some((url_host(web_base)?, port))
}

/// Whether a block may be explained by a page: a held device is offline and nothing else (S9), and a browser's question
/// whether it may go round the filter wants no page.
pub(crate) fn has_page(cause: &Cause) -> bool {
    !matches!(cause, Cause::Held | Cause::Bypass { .. })
}

/// Whether a block says something about an address. That nothing is known of one, or that its group is closed to what is
/// unlisted, was decided for the name that leads to it.
fn speaks_of_addresses(cause: &Cause) -> bool {
    matches!(cause, Cause::Sealed | Cause::Rule { .. } | Cause::Category { .. })
}

/// Whether a name can exist nowhere; such are answered here and never asked above (RFC 6761).
fn is_nowhere(host: &Host) -> bool {
    matches!(host, Host::Name(name) if name.as_str() == "invalid" || name.as_str().ends_with(".invalid"))
}

/// The host that a DNS name speaks of. Service labels such as `_443._tcp` and odd bytes are stepped over from the
/// left, because whatever stands below a blocked name is blocked.
fn host_of(name: &str) -> Option<Host> {
    let mut rest = name;
    loop {
        if let Ok(host) = Host::parse(rest) {
            return Some(host);
        }
        rest = rest.split_once('.')?.1;
    }
}

/// What to ask above.
fn ask_for(question: &Question<'_>) -> Option<Ask> {
    let name = compose::question_name(question)?.to_lowercase();
    let dnssec_ok = question.edns.is_some_and(|e| e.dnssec_ok);
    Some(Ask { name, kind: question.kind, dnssec_ok, checking_disabled: question.checking_disabled() })
}

/// What to ask above in a name's stead; nothing for types that it must not have (an HTTPS record would lead past it).
fn led_to(question: &Question<'_>, to: &str) -> Option<Ask> {
    if !matches!(question.kind, RecordType::A | RecordType::AAAA) {
        return None;
    }
    let name = fully_qualified(&Name::from_ascii(to).ok()?).to_lowercase();
    Some(Ask { name, kind: question.kind, dnssec_ok: false, checking_disabled: question.checking_disabled() })
}

fn nothing_of_this_type(question: &Question<'_>) -> Vec<u8> {
    question.answer(Code::NoError).negative(BLOCKED_TTL).finish()
}

fn fully_qualified(name: &Name) -> Name {
    let mut name = name.clone();
    name.set_fqdn(true);
    name
}

fn address_answer(question: &Question<'_>, ip: IpAddr, ttl: u32) -> Vec<u8> {
    match (question.kind, ip) {
        (RecordType::A, IpAddr::V4(v4)) => question.answer(Code::NoError).record(RecordType::A, ttl, &v4.octets()),
        (RecordType::AAAA, IpAddr::V6(v6)) => {
            question.answer(Code::NoError).record(RecordType::AAAA, ttl, &v6.octets())
        }
        _ => question.answer(Code::NoError).negative(ttl),
    }
    .finish()
}

fn no_answer(question: &Question<'_>, failure: Failure) -> Vec<u8> {
    let (ede, text) = match failure {
        Failure::Unreachable => (Ede::NoReachableAuthority, "the provider's DNS does not answer"),
        Failure::Refused => (Ede::NetworkError, "the provider's DNS answered that it failed"),
        Failure::Unreadable => (Ede::NetworkError, "the provider's answer cannot be passed on"),
        Failure::Busy => (Ede::NotReady, "too many questions are waiting"),
    };
    question.answer(Code::ServFail).because(ede, text).finish()
}

/// The short text of the Extended DNS Error.
fn because(verdict: &Verdict) -> (Ede, Text<'_>) {
    match &verdict.cause {
        Cause::Sealed => (Ede::Blocked, "blocked".into()),
        Cause::Held => (Ede::Blocked, OFFLINE.into()),
        Cause::Category { title, .. } => (Ede::Filtered, Text(["category: ", title, "; ask the office"])),
        Cause::SafeSearch { engine } => {
            (Ede::Filtered, Text([engine, " has no safe search that can be held; ask the office", ""]))
        }
        Cause::Bypass { .. } => (Ede::Blocked, "a way round the filter; ask the office".into()),
        Cause::NoData => (Ede::Blocked, "the filter has no data; ask the office".into()),
        Cause::Hours { name } => (Ede::Blocked, Text(["closed at this hour: ", name, ""])),
        Cause::NoSession => (Ede::Blocked, "no session is open; ask a grown-up".into()),
        Cause::NotApproved => (Ede::Blocked, "not approved for children; ask a grown-up".into()),
        _ => (Ede::Blocked, "blocked here; ask the office".into()),
    }
}
