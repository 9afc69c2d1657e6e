//! The gate in front of the workbook reader: is this archive harmless to unpack?
//!
//! The reader behind trusts sizes and positions that the file states (it reserves memory for as
//! many texts as the file claims to hold, and computes with cell positions unchecked). So every
//! part is unpacked here once, counted, and its XML walked, before the reader sees the file.

use super::totals::Totals;
use super::walk::Walk;
use super::{not_xlsx, not_xlsx_at};
use base::{Error, Result, limits};
use quick_xml::events::{BytesStart, Event};
use std::cell::Cell;
use std::collections::HashSet;
use std::io::{self, BufRead, BufReader, Cursor, Read};
use std::rc::Rc;
use zip::{CompressionMethod, ZipArchive};

/// The last column a workbook can have, as Excel limits it.
const SHEET_COLUMNS: u32 = 16_384;

/// What kind of file a Unix mode says, and the two kinds that a workbook holds.
const FILE_TYPE: u32 = 0o170_000;
const FILE_TYPE_REGULAR: u32 = 0o100_000;
const FILE_TYPE_FOLDER: u32 = 0o040_000;

/// Formats that are recognisably neither text nor XLSX, to say what was sent instead.
const FOREIGN: [(&[u8], &str); 9] = [
    (b"\xD0\xCF\x11\xE0", "it is an old Excel file (.xls) or is protected by a password"),
    (b"%PDF", "it is a PDF document"),
    (b"PK\x05\x06", "it is an empty ZIP archive"),
    (b"\x89PNG", "it is a PNG picture"),
    (b"\xFF\xD8\xFF", "it is a JPEG picture"),
    (b"GIF8", "it is a GIF picture"),
    (b"\x1F\x8B", "it is a gzip file"),
    (b"\x28\xB5\x2F\xFD", "it is a Zstandard file"),
    (b"7z\xBC\xAF", "it is a 7z archive"),
];

/// True for bytes that are recognisably another format than a table.
pub fn is_foreign(bytes: &[u8]) -> bool {
    FOREIGN.iter().any(|(start, _)| bytes.starts_with(start))
}

/// Refuses bytes that are no workbook or not safe to unpack.
pub fn check(bytes: &[u8]) -> Result<()> {
    check_within(bytes, limits::XLSX_UNPACKED_BYTES)
}

/// As [`check`], with the limit of all unpacked bytes as a parameter.
pub(in crate::structure) fn check_within(bytes: &[u8], unpacked_most: u64) -> Result<()> {
    if bytes.is_empty() {
        return Err(not_xlsx("the file is empty"));
    }
    if let Some((_, what)) = FOREIGN.iter().find(|(start, _)| bytes.starts_with(start)) {
        return Err(not_xlsx(what));
    }
    if !bytes.starts_with(b"PK\x03\x04") {
        return Err(not_xlsx("it does not begin as a ZIP archive does"));
    }
    check_entry_count(bytes)?;
    let mut archive =
        ZipArchive::new(Cursor::new(bytes)).map_err(|error| not_xlsx(format!("the ZIP archive is damaged: {error}")))?;
    if archive.offset() != 0 || archive.has_duplicate_names() {
        return Err(not_xlsx("the ZIP archive holds two files of one name, or more than one archive"));
    }
    let mut names = HashSet::new();
    let mut totals = Totals::default();
    let mut unpacked = 0;
    for index in 0..archive.len() {
        let (name, size) = check_entry(&mut archive, index, unpacked, unpacked_most, &mut totals)?;
        unpacked += size;
        // The reader looks parts up without regard to case and to the kind of slash.
        let name = name.to_lowercase().replace('\\', "/");
        if !names.insert(name.trim_start_matches('/').to_owned()) {
            return Err(not_xlsx(format!("the ZIP archive holds “{}” twice", shown(&name))));
        }
    }
    for part in ["[content_types].xml", "_rels/.rels"] {
        if !names.contains(part) {
            return Err(not_xlsx("it is a ZIP archive, but not an office document"));
        }
    }
    totals.check()
}

/// Counts entries by their signature, before anything trusts the directory's own count.
fn check_entry_count(bytes: &[u8]) -> Result<()> {
    let entries = bytes.windows(4).filter(|window| window == b"PK\x01\x02").take(limits::XLSX_ENTRIES + 1).count();
    if entries > limits::XLSX_ENTRIES {
        return Err(Error::too_large("file", format!("more than {} files in the workbook's archive", limits::XLSX_ENTRIES)));
    }
    Ok(())
}

/// Unpacks one entry to nowhere: its name and its real size, which with the `unpacked` bytes of those
/// before it is no more than `all_most`.
fn check_entry(
    archive: &mut ZipArchive<Cursor<&[u8]>>,
    index: usize,
    unpacked: u64,
    all_most: u64,
    totals: &mut Totals,
) -> Result<(String, u64)> {
    let left = all_most.saturating_sub(unpacked);
    let entry =
        archive.by_index(index).map_err(|error| not_xlsx(format!("a file in the ZIP archive cannot be read: {error}")))?;
    let name = entry.name().map_err(|_| not_xlsx("a file in the ZIP archive has an unreadable name"))?.into_owned();
    let place = format!("file, part {}", shown(&name));
    check_name(&place, &name)?;
    if entry.unix_mode().is_some_and(|mode| !matches!(mode & FILE_TYPE, 0 | FILE_TYPE_REGULAR | FILE_TYPE_FOLDER)) {
        return Err(not_xlsx_at(place, "it is a link or a device, and no file"));
    }
    if entry.encrypted() {
        return Err(not_xlsx("it is protected by a password"));
    }
    if !matches!(entry.compression(), CompressionMethod::Stored | CompressionMethod::Deflated) {
        return Err(not_xlsx(format!("“{}” is packed with a method that workbooks do not use", shown(&name))));
    }
    let (declared, packed) = (entry.size(), entry.compressed_size());
    let most = left.min(packed.saturating_mul(limits::XLSX_RATIO));
    if declared > most {
        return Err(too_much(&place, most == left, all_most));
    }
    let is_xml = name.to_lowercase().ends_with(".xml") || name.to_lowercase().ends_with(".rels");
    let counter = Rc::new(Cell::new(0));
    let mut reader = BufReader::new(Counted { inner: entry, count: Rc::clone(&counter), most });
    let outcome = if is_xml { check_xml(&place, &mut reader, totals) } else { Ok(()) };
    // Whatever the XML says, the rest is unpacked too: its size and checksum count.
    let drained = io::copy(&mut reader, &mut io::sink());
    let size = counter.get();
    if size > most {
        return Err(too_much(&place, most == left, all_most));
    }
    drained.map_err(|error| not_xlsx(format!("“{}” is damaged: {error}", shown(&name))))?;
    outcome?;
    if size != declared {
        return Err(not_xlsx(format!("“{}” is not as large as the archive says", shown(&name))));
    }
    Ok((name, size))
}

/// Names lead nowhere but below the archive's own root, whoever unpacks it.
fn check_name(place: &str, name: &str) -> Result<()> {
    if name.chars().count() > limits::XLSX_NAME_CHARS {
        return Err(Error::too_large(place, format!("a name of more than {} characters", limits::XLSX_NAME_CHARS)));
    }
    let leads_away = name.starts_with('/') || name.contains(['\\', ':']) || name.split('/').any(|step| matches!(step, "." | ".."));
    if leads_away || name.is_empty() || name.chars().any(char::is_control) {
        return Err(not_xlsx_at(place, format!("“{}” is no name of a file in a workbook", shown(name))));
    }
    Ok(())
}

fn too_much(place: &str, together: bool, all_most: u64) -> Error {
    let message = if together {
        format!("all parts together unpack to more than {all_most} bytes")
    } else {
        format!("this part unpacks to more than {} times its packed size", limits::XLSX_RATIO)
    };
    Error::too_large(place, message)
}

/// Counts what is unpacked and stops one byte past `most`.
struct Counted<R> {
    inner: R,
    count: Rc<Cell<u64>>,
    most: u64,
}

impl<R: Read> Read for Counted<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.count.get() > self.most {
            return Err(io::Error::other("too large"));
        }
        let got = self.inner.read(buffer)?;
        self.count.set(self.count.get().saturating_add(u64::try_from(got).unwrap_or(u64::MAX)));
        Ok(got)
    }
}

/// Walks one XML part: no document type, no deep nesting, well formed, and no position, count or
/// cell that the reader behind could stumble over.
pub(in crate::structure) fn check_xml(place: &str, source: &mut impl BufRead, totals: &mut Totals) -> Result<()> {
    let start = source.fill_buf().map_err(|error| not_xlsx(format!("{place} is damaged: {error}")))?;
    if start.starts_with(b"\xFF\xFE") || start.starts_with(b"\xFE\xFF") || start.iter().take(4).any(|byte| *byte == 0) {
        return Err(not_xlsx(format!("{place} is not written in UTF-8")));
    }
    let mut reader = quick_xml::Reader::from_reader(source);
    reader.config_mut().check_end_names = true;
    // As the reader behind does.
    reader.config_mut().expand_empty_elements = true;
    let (mut buffer, mut depth) = (Vec::new(), 0_usize);
    let mut walk = Walk::new(totals, place);
    loop {
        buffer.clear();
        let event = reader.read_event_into(&mut buffer).map_err(|error| not_xlsx(format!("{place}: {error}")))?;
        match event {
            Event::DocType(_) => {
                return Err(not_xlsx(format!("{place} holds a document type (DOCTYPE), which workbooks never have")));
            }
            Event::Start(element) | Event::Empty(element) => {
                depth += 1;
                check_depth(place, depth)?;
                check_element(place, &element)?;
                walk.open(&element)?;
            }
            Event::End(_) => {
                depth = depth.saturating_sub(1);
                walk.close()?;
            }
            Event::Text(text) => walk.text(&text.xml10_content(), true)?,
            Event::CData(text) => walk.text(&text.xml10_content(), false)?,
            Event::GeneralRef(reference) => walk.reference(&reference)?,
            Event::Comment(_) | Event::PI(_) | Event::Decl(_) => walk.aside()?,
            Event::Eof if depth > 0 => return Err(not_xlsx(format!("{place} ends in the middle"))),
            Event::Eof => return Ok(()),
        }
    }
}

fn check_depth(place: &str, depth: usize) -> Result<()> {
    if depth > limits::XML_DEPTH {
        return Err(Error::too_large(place, format!("elements nested more than {} deep", limits::XML_DEPTH)));
    }
    Ok(())
}

fn check_element(place: &str, element: &BytesStart<'_>) -> Result<()> {
    let local = element.local_name();
    let local = local.as_ref();
    // Looking for attributes given twice takes quadratic time; the count is checked instead.
    for (index, attribute) in element.attributes().with_checks(false).enumerate() {
        if index >= limits::XML_ATTRIBUTES {
            return Err(Error::too_large(place, format!("more than {} attributes on one element", limits::XML_ATTRIBUTES)));
        }
        let attribute = attribute.map_err(|error| not_xlsx(format!("{place}: {error}")))?;
        let value: &str = attribute.value.as_ref();
        let sound = match (local, attribute.key.as_ref()) {
            ("sst", "count" | "uniqueCount") => {
                let texts: Option<usize> = value.parse().ok();
                if texts.is_some_and(|texts| texts > limits::XLSX_STRINGS) {
                    return Err(Error::too_large(place, format!("more than {} shared texts", limits::XLSX_STRINGS)));
                }
                texts.is_some()
            }
            ("row", "r") => value.parse().is_ok_and(|row: u32| (1..=limits::SHEET_ROWS).contains(&row)),
            ("c", "r") => position(value).is_some(),
            ("dimension" | "mergeCell" | "f", "ref") => value.is_empty() || is_range(value),
            _ => true,
        };
        if !sound {
            return Err(not_xlsx(format!("{place}: “{}” is not possible as {}", shown(value), attribute.key.as_ref())));
        }
    }
    Ok(())
}

/// Column and row of `D12`, both from 1.
pub(super) fn position(text: &str) -> Option<(u32, u32)> {
    let digits = text.find(|c: char| c.is_ascii_digit())?;
    let (letters, row) = text.split_at_checked(digits)?;
    if !(1..=3).contains(&letters.len()) || row.len() > 7 || !letters.bytes().all(|b| b.is_ascii_alphabetic()) {
        return None;
    }
    let column = letters.bytes().fold(0, |column, b| column * 26 + u32::from(b.to_ascii_uppercase() - b'A') + 1);
    let row = row.parse().ok()?;
    ((1..=SHEET_COLUMNS).contains(&column) && (1..=limits::SHEET_ROWS).contains(&row)).then_some((column, row))
}

/// `A1` or `A1:H159`, the second corner not before the first.
fn is_range(text: &str) -> bool {
    match text.split_once(':') {
        None => position(text).is_some(),
        Some((start, end)) => position(start).zip(position(end)).is_some_and(|(start, end)| start.0 <= end.0 && start.1 <= end.1),
    }
}

/// A text from outside, shortened for a message; control characters are shown as a mark.
pub(super) fn shown(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { '\u{FFFD}' } else { c }).take(80).collect()
}
