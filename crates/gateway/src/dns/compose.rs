//! The answers that are put together anew: those of a name that was led elsewhere (safe search). The rest goes out as
//! it was packed ([`super::packed`]).

use hickory_proto::op::{Message, OpCode, Query};
use hickory_proto::rr::rdata::CNAME;
use hickory_proto::rr::{Name, RData, Record, RecordType};

use super::resolver::Found;
use super::wire::Question;

/// The question's name in the client's spelling.
pub(super) fn question_name(question: &Question<'_>) -> Option<Name> {
    let mut labels = Vec::new();
    let mut rest = question.section();
    while let Some((&length, after)) = rest.split_first().filter(|(length, _)| **length != 0) {
        let (label, after) = after.split_at_checked(usize::from(length))?;
        labels.push(label);
        rest = after;
    }
    let mut name = Name::from_labels(labels).ok()?;
    name.set_fqdn(true);
    Some(name)
}

/// The answer of the name that it is led to, behind an alias from the name that was asked for, so that a stub, which
/// follows nothing, has the addresses. `longest` bounds every TTL (seconds). No EDNS record: that is added after.
pub(super) fn led_elsewhere(question: &Question<'_>, found: &Found, longest: u32) -> Option<Vec<u8>> {
    let upstream = found.entry.packed.message()?;
    let name = question_name(question)?;
    let target = upstream.queries.first()?.name().clone();
    let mut message = Message::response(question.id(), OpCode::Query);
    message.metadata.recursion_desired = question.recursion_desired();
    message.metadata.recursion_available = true;
    message.metadata.checking_disabled = question.checking_disabled();
    message.metadata.response_code = upstream.metadata.response_code;
    message.add_query(Query::query(name.clone(), question.kind));
    message.add_answer(Record::from_rdata(name, longest.min(300), RData::CNAME(CNAME(target))));
    let timed = |record: &Record| {
        let mut record = record.clone();
        record.ttl = found.ttl(record.ttl).min(longest);
        record
    };
    for record in upstream.answers.iter().filter(|record| record.record_type() != RecordType::RRSIG) {
        message.add_answer(timed(record));
    }
    for record in &upstream.authorities {
        message.add_authority(timed(record));
    }
    message.to_vec().ok()
}
