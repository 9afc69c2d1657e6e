//! Whose signature a step waits for: by what its kind declares and what has been given.

use crate::kind::{Signer, Step};
use crate::signature::Given;
use base::{Error, Result};

/// Whose signature is still missing, in the order of the declaration.
pub(crate) fn missing(step: &Step, given: &[Given]) -> Vec<Signer> {
    let mut left: Vec<&Given> = given.iter().collect();
    let mut missing = Vec::new();
    for signer in &step.signers {
        match left.iter().position(|given| given.role == signer.role && given.meaning == signer.meaning) {
            Some(found) => {
                left.remove(found);
            }
            None => missing.push(signer.clone()),
        }
    }
    missing
}

/// Which of the missing signatures the person would give, by their roles alone; where the step wants
/// them in order, only the first counts as missing.
///
/// # Errors
/// A second signature of one person; a signature by somebody whose role is not asked for; one more
/// where every signature is there, for somebody may have signed between two of our looks at the record.
pub(crate) fn next(step: &Step, given: &[Given], person: &str, holds: &dyn Fn(&str) -> bool) -> Result<Signer> {
    if given.iter().any(|given| given.person == person) {
        return Err(Error::conflict("already_signed", "You have signed this step already; another person must give the other signatures."));
    }
    let mut missing = missing(step, given);
    if step.in_order {
        missing.truncate(1);
    }
    if missing.is_empty() {
        return Err(Error::conflict("signatures_complete", format!("Every signature for “{}” has been given meanwhile. Look at the record again.", step.label)));
    }
    missing.iter().find(|signer| holds(&signer.role)).cloned().ok_or_else(|| {
        let roles: Vec<_> = missing.iter().map(|signer| signer.role.as_str()).collect();
        Error::forbidden("not_a_signer", format!("This step waits for a signature by {}.", base::text::list(&roles, "or")))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use base::Timestamp;

    fn step(in_order: bool) -> Step {
        let step = Step::new("issue", "Issue", &["draft"], "effective").signed("quality", "approved").signed("engineering", "reviewed");
        if in_order { step.in_order() } else { step }
    }

    fn by(person: &str, role: &str, meaning: &str) -> Given {
        Given {
            id: format!("signature of {person}"),
            record: "r".into(),
            version: 1,
            digest: String::new(),
            step: "issue".into(),
            meaning: meaning.into(),
            role: role.into(),
            person: person.into(),
            printed_name: person.into(),
            zone: "Etc/UTC".into(),
            signed_at: Timestamp(0),
            utc_offset: None,
            zone_shown: None,
        }
    }

    fn outcome(in_order: bool, given: &[Given], person: &str, roles: &[&str]) -> String {
        match next(&step(in_order), given, person, &|role| roles.contains(&role)) {
            Ok(signer) => signer.role,
            Err(Error::Refused(refusal)) => refusal.code.to_string(),
            Err(other) => panic!("{other}"),
        }
    }

    #[test]
    fn frs_sig_012_the_next_signature_is_the_first_that_is_missing_and_the_person_may_give() {
        let (quality, engineering) = (by("anna", "quality", "approved"), by("emil", "engineering", "reviewed"));
        let both = [quality.clone(), engineering.clone()];
        let cases = [
            (false, &[][..], "anna", &["quality"][..], "quality"),
            (false, &[], "emil", &["engineering"], "engineering"),
            (true, &[], "emil", &["engineering"], "not_a_signer"),
            (true, std::slice::from_ref(&quality), "emil", &["engineering"], "engineering"),
            (false, std::slice::from_ref(&quality), "anna", &["quality", "engineering"], "already_signed"),
            (false, std::slice::from_ref(&quality), "vera", &["quality"], "not_a_signer"),
            (false, &[], "vera", &[], "not_a_signer"),
            // Whoever lost the race is told what happened, and not that they may not sign.
            (false, &both, "vera", &["quality"], "signatures_complete"),
            (true, &both, "vera", &["engineering"], "signatures_complete"),
            (false, &both, "emil", &["engineering"], "already_signed"),
        ];
        for (in_order, given, person, roles, expected) in cases {
            assert_eq!(outcome(in_order, given, person, roles), expected, "{person} with {roles:?}, {} given, in order: {in_order}", given.len());
        }
    }
}
