//! The format against a file of another program, and against damage.

use super::*;
use base::SeededIds;

/// Made with pyrage 1.4.0: key and file.
const OTHERS_KEY: &str = "AGE-SECRET-KEY-19QJJQMXQJ5YES43T3UHDJAVMDCMZNES75PMU8YE7FPL5QN6X4VFQQH7WTS";
const OTHERS_RECIPIENT: &str = "age1dnzeczcjtcu235dnvma92sdpn0q97u3t3ael977uappkml82z5tshj6nj4";
const OTHERS_FILE: &str = "YWdlLWVuY3J5cHRpb24ub3JnL3YxCi0+IFgyNTUxOSBQZVdCTm0rczcyTFo1UXFwd1lhUVpoU1NMZncxWWVxd05tV3I5bzlkR1Y4ClpnNXlQc0sxd2o5V2ZvVFRXYzM1UEx6QTZyMTJiTUg0a1UzbE1kU3ZxZVkKLT4gYFlad2BtZzMtZ3JlYXNlIFVNLTFndzUgLChnPXM4VyBeUwpkRVg2cWZPQUljM01yWWttaDRITE1oK0ZWMng4ZUtIegotLS0gTjNOYVRVcU9iZkVFcis5ZDVNTUZQaGpwSnZqR2FRMko0SzBCTi95ZHREcwqrqlIqjuV3uqg6PW2vOtFfAxrDjuJT8+aO/MDczUR9j9wrp3Qgu+VzhnHgB1gx";

fn sealed(recipient: &Recipient, content: &[u8]) -> Vec<u8> {
    let mut sealing = Sealing::begin(Vec::new(), recipient, &SeededIds::new(3)).unwrap();
    sealing.write_all(content).unwrap();
    sealing.finish().unwrap()
}

fn opened(identity: &Identity, file: &[u8]) -> Result<Vec<u8>> {
    let mut content = Vec::new();
    Opening::begin(file, identity)?.read_to_end(&mut content).map_err(Error::internal)?;
    Ok(content)
}

#[test]
fn frs_bak_001_a_file_of_another_program_for_the_format_is_opened() {
    let identity = Identity::parse(&format!("# created by rage\n{OTHERS_KEY}\n")).unwrap();
    assert_eq!(identity.recipient().to_string(), OTHERS_RECIPIENT);
    assert_eq!(Recipient::parse(OTHERS_RECIPIENT), Some(identity.recipient()));
    assert_eq!(identity.text().unwrap(), OTHERS_KEY);
    let file = base64::engine::general_purpose::STANDARD.decode(OTHERS_FILE).unwrap();
    assert_eq!(opened(&identity, &file).unwrap(), b"kept elsewhere");
}

#[test]
fn frs_bak_001_content_of_any_length_comes_back_and_only_with_its_key() {
    let (identity, other) = (Identity::make(&SeededIds::new(1)).unwrap(), Identity::make(&SeededIds::new(2)).unwrap());
    for length in [0, 1, PIECE - 1, PIECE, PIECE + 1, 3 * PIECE] {
        let content: Vec<u8> = (0..length).map(|place| (place % 251) as u8).collect();
        let file = sealed(&identity.recipient(), &content);
        assert_eq!(opened(&identity, &file).unwrap(), content, "{length}");
        let refused = opened(&other, &file).unwrap_err();
        assert_eq!(refused.refusal().unwrap().code, "other_key");
    }
}

#[test]
fn frs_bak_002_no_byte_of_an_encrypted_file_can_be_changed_or_cut_off_without_being_found() {
    let identity = Identity::make(&SeededIds::new(1)).unwrap();
    let file = sealed(&identity.recipient(), &vec![7; PIECE + 100]);
    let places = (0..300).chain((300..file.len()).step_by(997)).chain(file.len() - 40..file.len());
    for place in places {
        let mut changed = file.clone();
        changed[place] ^= 1;
        assert!(opened(&identity, &changed).is_err(), "byte {place}");
    }
    for length in (0..file.len()).step_by(1_009).chain([file.len() - 1, PIECE + TAG + 200]) {
        assert!(opened(&identity, &file[..length]).is_err(), "cut at {length}");
    }
    assert!(opened(&identity, &[&file[..], b"x"].concat()).is_err());
    assert!(opened(&identity, b"not an encrypted file at all\n").unwrap_err().refusal().is_some());
}

#[test]
fn frs_bak_001_what_is_no_key_is_not_taken_for_one() {
    for text in ["", "age1", "age1dnzeczcjtcu235dnvma92sdpn0q97u3t3ael977uappkml82z5tshj6nj5", OTHERS_KEY] {
        assert_eq!(Recipient::parse(text), None, "{text}");
    }
    assert!(Identity::parse("# nothing else\n").is_none() && Identity::parse(OTHERS_RECIPIENT).is_none());
    let zero = Recipient([0; 32]);
    assert!(Sealing::begin(Vec::new(), &zero, &SeededIds::new(3)).is_err(), "a key that gives the content away");
}
