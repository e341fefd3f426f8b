//! From an upstream's answer to the client's: its own spelling of the question, times counted down, what would hide a
//! connection's name from us taken out, and cut to what the transport carries.

use hickory_proto::op::{Edns, Message, OpCode, Query};
use hickory_proto::rr::rdata::svcb::SvcParamKey;
use hickory_proto::rr::rdata::{CNAME, HTTPS, SVCB, opt::EdnsOption};
use hickory_proto::rr::{Name, RData, Record, RecordType};

use super::resolver::Found;
use super::wire::{Ede, Question, UDP_PAYLOAD, ede_option};

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

/// Builds the answer; `longest` bounds every TTL (seconds), `limit` the bytes. `rewritten` puts an alias in front.
pub(super) fn answer(
    question: &Question<'_>,
    found: &Found,
    rewritten: bool,
    longest: u32,
    limit: usize,
) -> Option<Vec<u8>> {
    let upstream = &found.entry.message;
    let name = question_name(question)?;
    let mut message = Message::response(question.id(), OpCode::Query);
    message.metadata.recursion_desired = question.recursion_desired();
    message.metadata.recursion_available = true;
    message.metadata.checking_disabled = question.checking_disabled();
    message.metadata.response_code = upstream.metadata.response_code;
    let ttl = |record: &Record| found.ttl(record.ttl).min(longest);
    if rewritten && let Some(target) = upstream.queries.first().map(|query| query.name().clone()) {
        message.add_answer(Record::from_rdata(name.clone(), longest.min(300), RData::CNAME(CNAME(target))));
    }
    let mut changed = rewritten;
    for record in &upstream.answers {
        let mut record = record.clone();
        record.ttl = ttl(&record);
        changed |= strip_ech(&mut record.data);
        message.add_answer(record);
    }
    for record in &upstream.authorities {
        let mut record = record.clone();
        record.ttl = ttl(&record);
        message.add_authority(record);
    }
    if changed {
        // Signatures over what we changed would be false.
        message.answers.retain(|record| record.record_type() != RecordType::RRSIG);
    }
    let dnssec_ok = question.edns.is_some_and(|e| e.dnssec_ok);
    message.metadata.authentic_data = upstream.metadata.authentic_data && dnssec_ok && !changed;
    message.add_query(Query::query(name, question.kind));
    if question.edns.is_some() {
        let mut edns = Edns::new();
        edns.set_max_payload(UDP_PAYLOAD).set_dnssec_ok(dnssec_ok);
        if found.stale {
            let option = ede_option(Ede::StaleAnswer, "the provider's DNS does not answer");
            edns.options_mut().insert(EdnsOption::Unknown(15, option.get(4..)?.to_vec()));
        }
        message.set_edns(edns);
    }
    let bytes = message.to_vec().ok()?;
    if bytes.len() <= limit { Some(bytes) } else { message.truncate().to_vec().ok() }
}

/// Takes Encrypted Client Hello keys out: with them a connection hides which name it is for. Says whether it did.
fn strip_ech(data: &mut RData) -> bool {
    match data {
        RData::HTTPS(HTTPS(svcb)) | RData::SVCB(svcb) => strip_ech_parameter(svcb),
        _ => false,
    }
}

fn strip_ech_parameter(svcb: &mut SVCB) -> bool {
    let before = svcb.svc_params.len();
    svcb.svc_params.retain(|(key, _)| *key != SvcParamKey::EchConfigList);
    svcb.svc_params.len() != before
}
