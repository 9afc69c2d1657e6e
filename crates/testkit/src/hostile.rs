//! Files made to do harm: archives that unpack elsewhere or without end, XML that includes or
//! multiplies itself, tables that name themselves. Made here, byte by byte, so that each does what
//! its name says.

use std::fmt::Write as _;
use std::io::{Cursor, Read, Write};
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipArchive, ZipWriter};

/// One file, and whether it may be taken.
#[derive(Debug)]
pub struct Hostile {
    /// With the ending that its door goes by.
    pub name: String,
    pub bytes: Vec<u8>,
    pub sound: bool,
}

fn refused(name: impl Into<String>, bytes: impl Into<Vec<u8>>) -> Hostile {
    Hostile { name: name.into(), bytes: bytes.into(), sound: false }
}

fn sound(name: &str, bytes: impl Into<Vec<u8>>) -> Hostile {
    Hostile { name: name.to_owned(), bytes: bytes.into(), sound: true }
}

/// Everything that knocks at the import of a structure; `workbook` is a sound one to start from.
pub fn structures(workbook: &[u8]) -> Vec<Hostile> {
    let mut all = archives(workbook);
    all.extend(documents(workbook));
    all.extend(garbled(workbook));
    all.extend(tables());
    all
}

/// The workbook with further or other parts.
fn with(workbook: &[u8], parts: &[(&str, &[u8])]) -> Vec<u8> {
    let mut from = ZipArchive::new(Cursor::new(workbook)).expect("a sound workbook");
    let mut into = ZipWriter::new(Cursor::new(Vec::new()));
    let packed = SimpleFileOptions::default().compression_method(CompressionMethod::Deflated);
    for index in 0..from.len() {
        let mut entry = from.by_index(index).expect("an entry");
        let own = entry.name().expect("a name").into_owned();
        if parts.iter().any(|(name, _)| *name == own) {
            continue;
        }
        into.start_file(own, packed).expect("a part");
        let mut bytes = Vec::new();
        entry.read_to_end(&mut bytes).expect("its bytes");
        into.write_all(&bytes).expect("written");
    }
    for (name, bytes) in parts {
        into.start_file((*name).to_owned(), packed).expect("a part");
        into.write_all(bytes).expect("written");
    }
    into.finish().expect("an archive").into_inner()
}

/// The same bytes with a name of the same length in place of another: names that the writer itself
/// would refuse.
fn renamed(mut bytes: Vec<u8>, from: &str, to: &[u8]) -> Vec<u8> {
    assert_eq!(from.len(), to.len(), "both names are equally long");
    let places: Vec<usize> = bytes.windows(from.len()).enumerate().filter(|(_, window)| *window == from.as_bytes()).map(|(at, _)| at).collect();
    assert!(places.len() >= 2, "the name stands before the entry and in the directory");
    for at in places {
        bytes[at..at + to.len()].copy_from_slice(to);
    }
    bytes
}

/// Where the directory's entry of a name begins.
fn directory_entry(bytes: &[u8], name: &str) -> usize {
    let name_at = bytes.windows(name.len()).rposition(|window| window == name.as_bytes()).expect("the name in the directory");
    name_at - 46
}

fn archives(workbook: &[u8]) -> Vec<Hostile> {
    let plain = with(workbook, &[("xl/zzzzzzzzzzzzzzzzzzz.bin", b"owned")]);
    let name = "xl/zzzzzzzzzzzzzzzzzzz.bin";
    let mut all = vec![sound("sound.xlsx", with(workbook, &[]))];
    for (what, hostile) in [
        ("upwards", &b"../../../../tmp/plumb-slip"[..]),
        ("absolute", b"/tmp/plumb-slip-absolutely"),
        ("backslashes", b"..\\..\\..\\tmp\\plumb-slip-01"),
        ("drive", b"C:/plumb-slip-of-a-drive-1"),
        ("middle", b"xl/../../../tmp/plumb-slip"),
        ("nul", b"xl/workbook.xml\0.txt\0\0\0\0\0\0"),
        ("line-end", b"xl/a\r\nSet-Cookie: x=1.bin"),
        ("twice", b"XL/WORKBOOK.XML/../x.bin.b"),
    ] {
        let hostile: Vec<u8> = hostile.iter().copied().chain(std::iter::repeat(b'x')).take(name.len()).collect();
        all.push(refused(format!("slip-{what}.xlsx"), renamed(plain.clone(), name, &hostile)));
    }
    all.push(refused("twice.xlsx", renamed(with(workbook, &[("xl/aorkbook.xml", b"<a/>")]), "xl/aorkbook.xml", b"xl/workbook.xml")));
    let mut link = plain.clone();
    let entry = directory_entry(&link, name);
    link[entry + 5] = 3;
    link[entry + 38..entry + 42].copy_from_slice(&(0o120_777_u32 << 16).to_le_bytes());
    all.push(refused("symlink.xlsx", link));
    all.push(refused("bomb.xlsx", with(workbook, &[("xl/media/big.bin", &vec![0; 60_000_000])])));
    let mut lying = with(workbook, &[("xl/media/big.bin", &vec![b'a'; 3_000_000])]);
    let entry = directory_entry(&lying, "xl/media/big.bin");
    lying[entry + 24..entry + 28].copy_from_slice(&10_u32.to_le_bytes());
    all.push(refused("lying-size.xlsx", lying));
    let many: Vec<String> = (0..base::limits::XLSX_ENTRIES).map(|number| format!("xl/media/{number}")).collect();
    let many: Vec<(&str, &[u8])> = many.iter().map(|name| (name.as_str(), &b""[..])).collect();
    all.push(refused("many.xlsx", with(workbook, &many)));
    all.push(refused("long-name.xlsx", with(workbook, &[(&format!("xl/{}", "a".repeat(5_000)), b"x")])));
    let mut damaged = with(workbook, &[("xl/media/noise.bin", &noise(20_000))]);
    let middle = damaged.len() / 2;
    damaged[middle] ^= 0xff;
    damaged[middle + 9] ^= 0x55;
    all.push(refused("damaged.xlsx", damaged));
    all.push(refused("cut-off.xlsx", workbook[..workbook.len() - 40].to_vec()));
    all.push(refused("two-in-one.xlsx", [workbook, workbook].concat()));
    all.push(refused("behind-a-pdf.xlsx", [b"%PDF-1.4\n1 0 obj<<>>endobj\n", workbook].concat()));
    all.push(refused("empty-archive.xlsx", [&b"PK\x05\x06"[..], &[0; 18]].concat()));
    all.push(refused("nothing.xlsx", Vec::new()));
    let mut locked = plain;
    let entry = directory_entry(&locked, name);
    locked[entry + 8] |= 1;
    all.push(refused("locked.xlsx", locked));
    all
}

/// Bytes that do not pack.
fn noise(count: usize) -> Vec<u8> {
    let mut state = 7_u32;
    let next = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 24).to_le_bytes()[0]
    };
    std::iter::repeat_with(next).take(count).collect()
}

fn documents(workbook: &[u8]) -> Vec<Hostile> {
    let mut laughs = "<?xml version=\"1.0\"?><!DOCTYPE l [<!ENTITY a \"lol\">".to_owned();
    for (outer, inner) in ('b'..='j').zip('a'..) {
        let _ = write!(laughs, "<!ENTITY {outer} \"{}\">", format!("&{inner};").repeat(10));
    }
    laughs.push_str("]><sst><si><t>&j;</t></si></sst>");
    let quadratic = format!("<!DOCTYPE q [<!ENTITY a \"{}\">]><r>{}</r>", "ab".repeat(3_000), "&a;".repeat(900));
    let deep = format!("{}{}", (0..30_000).map(|n| format!("<a{n}>")).collect::<String>(), (0..30_000).rev().map(|n| format!("</a{n}>")).collect::<String>());
    let attributes = format!("<a {}/>", (0..5_000).map(|n| format!("a{n}=\"{n}\"")).collect::<Vec<_>>().join(" "));
    let utf16: Vec<u8> = "\u{feff}<!DOCTYPE a SYSTEM \"file:///etc/passwd\"><a/>".encode_utf16().flat_map(u16::to_le_bytes).collect();
    let texts: [(&str, &[u8]); 10] = [
        ("xxe", b"<!DOCTYPE m [<!ENTITY x SYSTEM \"file:///etc/passwd\">]><sst><si><t>&x;</t></si></sst>"),
        ("parameter-entity", b"<!DOCTYPE m [<!ENTITY % p SYSTEM \"file:///etc/hostname\"> %p;]><sst/>"),
        ("external-dtd", b"<!DOCTYPE m SYSTEM \"http://127.0.0.1:9/x.dtd\"><sst/>"),
        ("billion-laughs", laughs.as_bytes()),
        ("quadratic", quadratic.as_bytes()),
        ("deep", deep.as_bytes()),
        ("attributes", attributes.as_bytes()),
        ("utf16", &utf16),
        ("not-utf8", b"<sst><si><t>\xff\xfe\xc0\xaf</t></si></sst>"),
        ("unclosed", b"<sst><si><t>x"),
    ];
    let mut all = Vec::new();
    for (what, text) in texts {
        for part in ["xl/sharedStrings.xml", "docProps/app.xml"] {
            let place = if part.starts_with("xl") { "strings" } else { "properties" };
            all.push(refused(format!("{what}-in-{place}.xlsx"), with(workbook, &[(part, text)])));
        }
    }
    all
}

/// The workbook with a cell that a kind reader would take for the first shared text, or for nothing.
fn garbled(workbook: &[u8]) -> Vec<Hostile> {
    let part = "xl/worksheets/sheet1.xml";
    let mut sheet = String::new();
    let mut archive = ZipArchive::new(Cursor::new(workbook)).expect("a sound workbook");
    archive.by_name(part).expect("its sheet").read_to_string(&mut sheet).expect("its text");
    let sound = r#"<c r="B5" s="2" t="s"><v>20</v></c>"#;
    assert!(sheet.contains(sound), "the cell is in the sheet");
    let values = ["20x", " 20 ", "2\n0", "+20", "20.0", "-1", "abc", "9.7", "9999999", "", "<!-- -->20", "<![CDATA[20]]>", "&#50;0"];
    let cell = |value: &str| sheet.replace(sound, &format!(r#"<c r="B5" s="2" t="s"><v>{value}</v></c>"#));
    let named = |(number, value): (usize, &&str)| refused(format!("guessed-{number}.xlsx"), with(workbook, &[(part, cell(value).as_bytes())]));
    values.iter().enumerate().map(named).collect()
}

const HEAD: &str = "parent,child,qty\n";

fn tables() -> Vec<Hostile> {
    let chain: String = (0..20_000).map(|level| format!("N{level},N{},1\n", level + 1)).collect();
    let diamond: String = (0..40).map(|n| format!("D{n},D{},1\nD{n},E{n},1\nE{n},D{},1\n", n + 1, n + 1)).collect();
    let long: String = (0..=base::limits::IMPORT_LINES).map(|n| format!("TOP,L{n},1\n")).collect();
    vec![
        // As many paths as atoms in a grain of salt, in 120 rows: nothing may walk them.
        sound("diamond.csv", format!("{HEAD}{diamond}")),
        refused("cycle.csv", format!("{HEAD}A,B,1\nB,C,1\nC,A,1\n")),
        refused("itself.csv", format!("{HEAD}A,A,1\n")),
        refused("levels.csv", format!("{HEAD}{chain}")),
        refused("lines.csv", format!("{HEAD}{long}")),
        refused("below-zero.csv", format!("{HEAD}A,B,-1\n")),
        refused("exponent.csv", format!("{HEAD}A,B,1e999\n")),
        refused("not-a-number.csv", format!("{HEAD}A,B,NaN\n")),
        refused("hexadecimal.csv", format!("{HEAD}A,B,0x10\n")),
        refused("one-cell.csv", format!("number,name\nP-1,{}\n", "A".repeat(2_000_000))),
        refused("columns.csv", (0..50_000).map(|n| format!("c{n},")).collect::<String>()),
        refused("not-utf8.csv", b"parent,child,qty\nA,\xff\xfe\xc3(,1\n".to_vec()),
        refused("nul.csv", format!("{HEAD}A,b\0c,1\n")),
        refused("open-quote.csv", format!("{HEAD}A,\"b,1\nA,c,1\n")),
        refused("title-twice.csv", "parent,child,child,qty\nA,B,C,1\n"),
        refused("utf16.csv", format!("{HEAD}A,B,1\n").encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<u8>>()),
        refused("page.csv", "<script>alert(1)</script>"),
    ]
}

/// Bodies of a request that two readers could read differently, or that never end.
pub fn bodies() -> Vec<Hostile> {
    let nested = |open: &str, close: &str, depth: usize| format!("{}{}", open.repeat(depth), close.repeat(depth));
    vec![
        refused("deep-lists.json", nested("[", "]", 200_000)),
        refused("deep-members.json", nested("{\"a\":", "}", 100_000)),
        refused("open-lists.json", "[".repeat(900_000)),
        refused("member-twice.json", "{\"title\":\"a\",\"title\":\"b\"}"),
        refused("long-number.json", format!("{{\"title\":{}}}", "9".repeat(5_000))),
        refused("half-a-letter.json", "{\"title\":\"\\ud800\"}"),
        refused("not-utf8.json", b"{\"title\":\"\xff\"}".to_vec()),
        refused("past-the-end.json", "{\"title\":\"a\"}{}"),
        refused("xml.json", "<!DOCTYPE m [<!ENTITY x SYSTEM \"file:///etc/passwd\">]><r>&x;</r>"),
    ]
}

/// Configuration packages that say too much.
pub fn packages() -> Vec<Hostile> {
    vec![
        refused("deep-lists.toml", format!("a = {}{}", "[".repeat(5_000), "]".repeat(5_000))),
        refused("deep-tables.toml", format!("[{}]\nx = 1\n", vec!["a"; 5_000].join("."))),
        refused("many.toml", (0..30_000).map(|n| format!("a{n} = 1\n")).collect::<String>()),
        refused("unknown.toml", "[[field]]\nkind = \"capa\"\nname = \"__proto__\"\nlabel = \"x\"\n"),
        refused("not-toml.toml", "= = ="),
    ]
}
