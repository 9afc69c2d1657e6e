//! Tiles: the tree cut into pieces of 256 hashes, as C2SP tlog-tiles lays them out. A tile of level
//! L holds heads of subtrees of height 8·L; those in between are computed from it.

use crate::tree::{Subtrees, root};
use base::{Digest, Error, Result};

/// Hashes of a full tile.
pub const WIDTH: u64 = 256;
/// Binary levels of the tree in one tile.
const HEIGHT: u32 = 8;
/// Levels of tiles that a tree of 2^63 leaves needs.
pub const LEVELS: u8 = 8;

/// A tile by its place. A tile with fewer than 256 hashes is partial; it is replaced as the tree
/// grows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Tile {
    pub level: u8,
    pub index: u64,
    /// 1 to 256.
    pub width: u64,
}

impl Tile {
    /// The path below the log's address: `tile/0/x001/234`, partial `tile/0/x001/234.p/17`.
    pub fn path(&self) -> String {
        format!("tile/{}/{}", self.level, place(self.index, self.width))
    }

    /// The path of the entries whose hashes a tile of level 0 holds.
    pub fn entries_path(&self) -> String {
        format!("tile/entries/{}", place(self.index, self.width))
    }

    /// Reads what stands after `tile/` in a path; `entries` counts as level 0.
    ///
    /// Errors: not found, when it names no tile.
    pub fn parse(path: &str) -> Result<Self> {
        read(path).ok_or_else(|| Error::not_found("There is no such tile."))
    }
}

fn place(index: u64, width: u64) -> String {
    let mut groups = vec![format!("{:03}", index % 1_000)];
    let mut rest = index / 1_000;
    while rest > 0 {
        groups.push(format!("x{:03}", rest % 1_000));
        rest /= 1_000;
    }
    groups.reverse();
    let partial = if width < WIDTH { format!(".p/{width}") } else { String::new() };
    format!("{}{partial}", groups.join("/"))
}

fn read(path: &str) -> Option<Tile> {
    let (level, rest) = path.split_once('/')?;
    let level = if level == "entries" { 0 } else { decimal(level)? };
    let (index, width) = match rest.split_once(".p/") {
        Some((index, width)) => (index, decimal(width)?),
        None => (rest, WIDTH),
    };
    let groups: Vec<&str> = index.split('/').collect();
    let (last, before) = groups.split_last()?;
    let mut index: u64 = 0;
    for group in before.iter().map(|group| group.strip_prefix('x')).chain([Some(*last)]) {
        let group = group.filter(|group| group.len() == 3 && group.bytes().all(|byte| byte.is_ascii_digit()))?;
        index = index.checked_mul(1_000)?.checked_add(group.parse().ok()?)?;
    }
    let tile = Tile { level: u8::try_from(level).ok()?, index, width };
    // One path only for each tile: no leading zero groups, no partial tile of full width or none.
    let known = tile.level < LEVELS && (1..=WIDTH).contains(&tile.width);
    (known && place(tile.index, tile.width) == rest).then_some(tile)
}

fn decimal(text: &str) -> Option<u64> {
    let number: u64 = text.parse().ok()?;
    (number.to_string() == text).then_some(number)
}

/// The tiles of a tree of `new` leaves that a tree of `old` leaves does not have or has narrower,
/// lowest level first.
pub fn grown(old: u64, new: u64) -> Vec<Tile> {
    let mut tiles = Vec::new();
    for level in 0..LEVELS {
        let height = HEIGHT * u32::from(level);
        let (before, after) = (old >> height, new >> height);
        if after == 0 {
            break;
        }
        if before == after {
            continue;
        }
        for index in before / WIDTH..after.div_ceil(WIDTH) {
            tiles.push(Tile { level, index, width: (after - index * WIDTH).min(WIDTH) });
        }
    }
    tiles
}

/// Where the tiles of a log are kept.
pub trait Tiles {
    /// The hashes of a tile, at least so many as asked for.
    fn hashes(&mut self, tile: &Tile) -> Result<Vec<Digest>>;
}

/// The tree of `size` leaves, read from its tiles.
pub struct Tiled<'a> {
    pub size: u64,
    pub tiles: &'a mut dyn Tiles,
}

impl Subtrees for Tiled<'_> {
    fn head(&mut self, height: u32, index: u64) -> Result<Digest> {
        let level = height / HEIGHT;
        let inside = height % HEIGHT;
        // The subtree's leaves on its tile level: 2^inside of them from here.
        let from = index << inside;
        let available = self.size >> (level * HEIGHT);
        let tile_index = from / WIDTH;
        let width = available.saturating_sub(tile_index * WIDTH).min(WIDTH);
        let start = from % WIDTH;
        let end = start + (1 << inside);
        if end > width {
            return Err(Error::internal("a subtree past the end of the tree"));
        }
        let tile = Tile { level: u8::try_from(level).map_err(Error::internal)?, index: tile_index, width };
        let hashes = self.tiles.hashes(&tile)?;
        let place = |at: u64| usize::try_from(at).map_err(Error::internal);
        let part = hashes.get(place(start)?..place(end)?).ok_or_else(|| Error::internal(format!("the tile {} is too short", tile.path())))?;
        Ok(root(part))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::proof::{consistency, inclusion, proves_consistency, proves_inclusion};
    use crate::tree::{leaf, root_of_size};
    use std::collections::BTreeMap;

    #[test]
    fn frs_evd_004_paths_are_those_of_the_specification() {
        // The example of C2SP tlog-tiles.
        let cases = [
            (Tile { level: 0, index: 1_234_067, width: 256 }, "tile/0/x001/x234/067"),
            (Tile { level: 1, index: 0, width: 256 }, "tile/1/000"),
            (Tile { level: 2, index: 999, width: 1 }, "tile/2/999.p/1"),
            (Tile { level: 0, index: 273, width: 112 }, "tile/0/273.p/112"),
        ];
        for (tile, path) in cases {
            assert_eq!(tile.path(), path);
            assert_eq!(Tile::parse(path.strip_prefix("tile/").unwrap()).unwrap(), tile);
        }
        assert_eq!(Tile::parse("entries/x001/x234/067").unwrap(), cases[0].0);
    }

    #[test]
    fn frs_evd_004_a_path_that_names_no_tile_is_not_found() {
        let bad = ["", "0", "0/", "0/1", "0/0001", "9/000", "0/x000/001", "0/000.p/0", "0/000.p/256", "0/000.p/257", "0/000.p/01", "00/000", "0/x001", "0/../000", "0/x18446744/x073/x709/x551/616", "-1/000", "+1/000", "0/99９"];
        for path in bad {
            assert!(Tile::parse(path).is_err(), "{path}");
        }
    }

    /// Tiles in memory, written as a checkpointer does.
    #[derive(Default)]
    struct Kept(BTreeMap<(u8, u64), Vec<Digest>>);

    impl Tiles for Kept {
        fn hashes(&mut self, tile: &Tile) -> Result<Vec<Digest>> {
            self.0.get(&(tile.level, tile.index)).cloned().ok_or_else(|| Error::internal(format!("no tile {}", tile.path())))
        }
    }

    impl Kept {
        fn grow(&mut self, leaves: &[Digest], old: u64) {
            for tile in grown(old, leaves.len() as u64) {
                let hashes = (0..tile.width).map(|place| {
                    let at = (tile.index * WIDTH + place) as usize;
                    if tile.level == 0 { leaves[at] } else { root(&self.0[&(tile.level - 1, at as u64)]) }
                });
                let hashes = hashes.collect();
                self.0.insert((tile.level, tile.index), hashes);
            }
        }
    }

    #[test]
    fn frs_evd_005_a_tree_read_from_tiles_is_the_tree_and_gives_the_same_proofs() {
        let leaves: Vec<Digest> = (0..70_000u64).map(|index| leaf(&index.to_be_bytes())).collect();
        let mut kept = Kept::default();
        let mut before = (0, root(&[]));
        for size in [1u64, 2, 255, 256, 257, 511, 512, 513, 1_000, 65_535, 65_536, 65_537, 70_000] {
            let part = &leaves[..size as usize];
            kept.grow(part, before.0);
            let mut tree = Tiled { size, tiles: &mut kept };
            let head = root_of_size(size, &mut tree).unwrap();
            assert_eq!(head, root(part), "{size}");
            for index in [0, size / 2, size - 1] {
                let path = inclusion(index, size, &mut tree).unwrap();
                assert!(proves_inclusion(&leaves[index as usize], index, size, &path, &head), "{index} of {size}");
            }
            let path = consistency(before.0, size, &mut tree).unwrap();
            assert!(proves_consistency(before.0, size, &path, &before.1, &head));
            before = (size, head);
        }
    }

    /// The places of the tiles of one level that lead from the entry at `place` to the head of `size`
    /// entries: the one above the entry, and the last. `None` where the log has not reached the level.
    fn beside_path(level: u8, place: u64, size: u64) -> Option<(u64, u64)> {
        let height = HEIGHT * u32::from(level);
        let last = size.checked_shr(height)?.checked_sub(1)?;
        Some((place.checked_shr(height)? / WIDTH, last / WIDTH))
    }

    /// Gives only the tiles that `beside_path` names.
    struct Named<'a>(&'a mut Kept, u64, u64);

    impl Tiles for Named<'_> {
        fn hashes(&mut self, tile: &Tile) -> Result<Vec<Digest>> {
            let (above, last) = beside_path(tile.level, self.1, self.2).unwrap();
            assert!(tile.index == above || tile.index == last, "{} for {} of {}", tile.path(), self.1, self.2);
            self.0.hashes(tile)
        }
    }

    #[test]
    fn frs_evd_005_a_proof_needs_on_each_level_the_tile_above_its_entry_and_the_last() {
        let leaves: Vec<Digest> = (0..66_000u64).map(|index| leaf(&index.to_be_bytes())).collect();
        for size in [1u64, 256, 257, 512, 700, 65_536, 65_537, 66_000] {
            let mut kept = Kept::default();
            kept.grow(&leaves[..size as usize], 0);
            for index in (0..size).step_by(97).chain([size - 1]) {
                let path = inclusion(index, size, &mut Tiled { size, tiles: &mut Named(&mut kept, index, size) }).unwrap();
                assert_eq!(path, inclusion(index, size, &mut Tiled { size, tiles: &mut kept }).unwrap());
            }
        }
        assert_eq!(beside_path(1, 300, 255), None);
        assert_eq!(beside_path(7, 0, u64::MAX), Some((0, 0)));
        assert_eq!(beside_path(8, 0, u64::MAX), None);
    }

    #[test]
    fn frs_evd_005_growing_touches_only_what_grew() {
        assert_eq!(grown(0, 0), []);
        assert_eq!(grown(256, 257), [Tile { level: 0, index: 1, width: 1 }]);
        assert_eq!(grown(255, 256), [Tile { level: 0, index: 0, width: 256 }, Tile { level: 1, index: 0, width: 1 }]);
        assert_eq!(grown(10, 10), []);
    }
}
