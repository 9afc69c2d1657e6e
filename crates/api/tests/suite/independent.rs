//! The log in the hands of somebody else's program: two libraries of another house, made for the
//! logs of certificates, know the public formats (C2SP) and nothing of Plumb.

use crate::evidence::Fetched;
use crate::support::{Ask, Company};
use serde_json::{Value as Json, json};
use signed_note::{Note, StandardVerifier, VerifierList};
use testkit::engines::both_migrated;
use testkit::world::signer;
use tlog_tiles::{Checkpoint, Error, Hash, Tile, TileHashReader, TileReader, check_record, prove_record, record_hash, tree_hash};

/// What the auditor's program fetches: paths of C2SP, where those of its own name the height too.
struct Tiles<'a>(&'a Fetched<'a>);

impl TileReader for Tiles<'_> {
    fn height(&self) -> u8 {
        8
    }

    fn read_tiles(&self, tiles: &[Tile]) -> Result<Vec<Vec<u8>>, Error> {
        tiles.iter().map(|tile| self.0.bytes(&tile.path().replacen("tile/8/", "tile/", 1)).map_err(|status| Error::InvalidInput(status.to_string()))).collect()
    }

    fn save_tiles(&self, _: &[Tile], _: &[Vec<u8>]) {}
}

/// Whether their program takes the note for signed by this key.
fn opened(note: &str, key: &str) -> Option<Checkpoint> {
    let known = VerifierList::new(vec![Box::new(StandardVerifier::new(key).ok()?)]);
    let note = Note::from_bytes(note.as_bytes()).ok()?;
    let (signed, _) = note.verify(&known).ok()?;
    (signed.len() == 1).then(|| Checkpoint::from_bytes(note.text()).ok()).flatten()
}

fn hash(value: &Json) -> Hash {
    let digest = base::Digest::from_hex(value.as_str().unwrap()).unwrap();
    Hash(digest.0)
}

#[test]
fn frs_evd_053_a_program_of_another_house_accepts_checkpoints_tiles_and_proofs_and_nothing_that_was_changed() {
    both_migrated(kernel::MIGRATIONS, |test| {
        let company = Company::new(test);
        let id = company.record("paper", json!({"body": "words"}));
        let dora = company.world.sign_in("dora");
        // Past the first tile.
        for grade in 0..260 {
            company.world.edit(&dora, &id, json!({"grade": grade % 5 + 1})).ok();
        }
        let latest = company.seal();
        let log = Fetched { company: &company, token: company.token("olga") };
        let note = String::from_utf8(log.bytes("checkpoint").unwrap()).unwrap();
        let key = signer().verifier().text();
        let said = opened(&note, &key).unwrap();
        assert_eq!((said.size(), said.hash().0), (latest.size, latest.head.0));
        // A note that says something else, and a key of somebody else.
        assert!(opened(&note.replacen(&format!("\n{}\n", latest.size), &format!("\n{}\n", latest.size + 1), 1), &key).is_none());
        let stranger = tlog::note::NoteSigner::of_log("main", &[6; 32]).unwrap().verifier().text();
        assert!(opened(&note, &stranger).is_none());
        // Their reader checks every tile on its way against the head.
        let tiles = Tiles(&log);
        let reader = TileHashReader::new(said.size(), *said.hash(), &tiles);
        assert_eq!(tree_hash(said.size(), &reader).unwrap(), *said.hash());
        assert!(tree_hash(said.size(), &TileHashReader::new(said.size(), record_hash(b"another"), &tiles)).is_err());
        // Every transaction is proved by their proof, and the record's by ours.
        let entries = log.bytes("tile/entries/000").unwrap();
        for place in [0, 1, 100, 255] {
            let at = usize::try_from(place).unwrap() * 34;
            let leaf = record_hash(&entries[at + 2..at + 34]);
            let proof = prove_record(said.size(), place, &reader).unwrap();
            check_record(&proof, said.size(), *said.hash(), place, leaf).unwrap();
            assert!(check_record(&proof, said.size(), *said.hash(), place, record_hash(b"another")).is_err());
        }
        let ours = company.client.send(Ask::get(format!("/api/v1/records/paper/{id}/proof")).token(&company.token("dora"))).json();
        let place = ours["log_place"].as_u64().unwrap();
        let path: Vec<Hash> = ours["log_path"].as_array().unwrap().iter().map(hash).collect();
        let part = if place < 256 { "tile/entries/000".to_owned() } else { format!("tile/entries/001.p/{}", said.size() - 256) };
        let at = usize::try_from(place % 256).unwrap() * 34;
        let leaf = record_hash(&log.bytes(&part).unwrap()[at + 2..at + 34]);
        check_record(&path, said.size(), *said.hash(), place, leaf).unwrap();
        assert!(check_record(&path, said.size(), *said.hash(), place.saturating_sub(1), leaf).is_err());
    });
}
