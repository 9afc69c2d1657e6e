//! What belongs below what: the four ways files say it.

use super::ImportOptions;
use super::columns::{Field, Header};
use super::rows::ParsedRow;
use crate::structure::sheet::Sheet;
use base::{Error, Refusal, RefusalKind, Result, limits};
use std::collections::HashMap;

/// Where each row belongs.
pub enum Placement {
    /// For each row the row above it, as an index into the rows; nothing for the top, or for a
    /// line directly below the top that the caller states.
    Tree(Vec<Option<usize>>),
    /// Each row names its parent.
    Named,
}

/// Detects the layout: a column of levels, leading blanks, dotted numbers, a column of parents; a
/// plain list last, if the caller says what assembly it belongs to.
pub fn place(sheet: &Sheet, header: &Header, rows: &[ParsedRow], options: &ImportOptions) -> Result<Placement> {
    let source = Source { sheet, rows, options };
    let names_parents = header.column(Field::Parent).filter(|_| rows.iter().any(|row| !row.parent.is_empty()));
    let tree = if let Some(column) = header.column(Field::Level).filter(|column| source.filled(*column)) {
        if source.is_dotted(column) { source.dotted(column)? } else { source.level_column(column)? }
    } else if let Some((column, levels)) = source.indented(header)? {
        source.by_levels(column, &levels)?
    } else if names_parents.is_some() {
        return Ok(Placement::Named);
    } else if let Some(column) = header.column(Field::Position).filter(|column| source.is_dotted(*column)) {
        source.dotted(column)?
    } else {
        source.flat(header)?
    };
    if let Some(column) = names_parents {
        source.same_parents(&tree, column)?;
    }
    source.refuse_ancestors(&tree)?;
    Ok(Placement::Tree(tree))
}

struct Source<'a> {
    sheet: &'a Sheet,
    rows: &'a [ParsedRow],
    options: &'a ImportOptions,
}

impl Source<'_> {
    /// The cell as it stands in the file.
    fn raw(&self, row: &ParsedRow, column: usize) -> &str {
        self.sheet.rows.get(row.index).map_or("", |cells| cells.cell(column).text())
    }

    fn place(&self, row: &ParsedRow, column: usize) -> String {
        self.sheet.place(row.row, column)
    }

    fn filled(&self, column: usize) -> bool {
        self.rows.iter().any(|row| !self.raw(row, column).trim().is_empty())
    }

    /// A column of levels 0, 1, 2 …, or written `.1`, `..2`.
    fn level_column(&self, column: usize) -> Result<Vec<Option<usize>>> {
        let read = |row: &ParsedRow| {
            let text = self.raw(row, column).trim();
            let digits = text.trim_start_matches('.');
            match digits.parse::<usize>() {
                Ok(level) if digits.bytes().all(|b| b.is_ascii_digit()) => Ok(level),
                _ => {
                    let shown: String = text.chars().take(40).collect();
                    Err(Error::invalid(
                        self.place(row, column),
                        "bad_level",
                        format!("“{shown}” is not a level such as 0, 1 or 2"),
                    ))
                }
            }
        };
        let levels: Vec<_> = self.rows.iter().map(read).collect::<Result<_>>()?;
        let lowest = levels.iter().min().copied().unwrap_or(0);
        let levels: Vec<_> = levels.into_iter().map(|level| level - lowest).collect();
        self.by_levels(column, &levels)
    }

    /// Leading blanks or tabs of the number, or of the name where every row but the first has some.
    fn indented(&self, header: &Header) -> Result<Option<(usize, Vec<usize>)>> {
        for field in [Field::Number, Field::Name] {
            let Some(column) = header.column(field) else { continue };
            let mut indents: Vec<_> = self.rows.iter().map(|row| self.indent(row, column)).collect::<Result<_>>()?;
            // Blanks that every row has are a margin.
            let margin = indents.iter().map(|indent| indent.width).min().unwrap_or(0);
            indents.iter_mut().for_each(|indent| indent.width -= margin);
            let indented = indents.iter().filter(|indent| indent.width > 0).count();
            let all_below_first = indented + 1 == self.rows.len() && indents.first().is_some_and(|first| first.width == 0);
            // A name may begin with a blank by mistake; a whole column of them is meant.
            if indented == 0 || (field == Field::Name && !all_below_first) {
                continue;
            }
            return self.indent_levels(column, &indents, all_below_first).map(|levels| Some((column, levels)));
        }
        Ok(None)
    }

    /// Widths as levels; the smallest is one level, and the others must be its multiples.
    fn indent_levels(&self, column: usize, indents: &[Indent], all_below_first: bool) -> Result<Vec<usize>> {
        let unit = indents.iter().map(|indent| indent.width).filter(|width| *width > 0).min().unwrap_or(1);
        let tabs = indents.iter().any(|indent| indent.tabs);
        let mut levels = Vec::with_capacity(indents.len());
        for (row, indent) in self.rows.iter().zip(indents) {
            let unclear = |why: String| Err(Error::invalid(self.place(row, column), "unclear_indent", why));
            if indent.width > 0 && indent.tabs != tabs {
                return unclear("some rows are indented by tabs and some by blanks".to_owned());
            }
            if indent.width > 0 && unit == 1 && !tabs && !all_below_first {
                return unclear("a single leading blank may be a level or a slip".to_owned());
            }
            if indent.width % unit != 0 {
                return unclear(format!("indented by {}, but one level is {unit}", indent.width));
            }
            levels.push(indent.width / unit);
        }
        Ok(levels)
    }

    fn indent(&self, row: &ParsedRow, column: usize) -> Result<Indent> {
        let text = self.raw(row, column);
        let blanks = text.chars().take_while(|c| c.is_whitespace() && !matches!(c, '\n' | '\r'));
        let (mut width, mut tabs) = (0, 0);
        for blank in blanks {
            width += 1;
            tabs += usize::from(blank == '\t');
        }
        if tabs != 0 && tabs != width {
            let message = "indented by tabs and blanks together";
            return Err(Error::invalid(self.place(row, column), "unclear_indent", message));
        }
        Ok(Indent { width, tabs: tabs > 0 })
    }

    /// Rows in the order of walking down, each with its level.
    fn by_levels(&self, column: usize, levels: &[usize]) -> Result<Vec<Option<usize>>> {
        let offset = usize::from(self.options.top.is_some());
        let mut parents = Vec::with_capacity(levels.len());
        // The row that is open on each level.
        let mut open: Vec<usize> = Vec::new();
        for (index, (row, level)) in self.rows.iter().zip(levels).enumerate() {
            if level.saturating_add(offset) > limits::STRUCTURE_LEVELS {
                return Err(too_deep(self.place(row, column)));
            }
            if *level > open.len() {
                let message = match index {
                    0 => "the first row is not on the highest level".to_owned(),
                    _ => format!("this row is {} levels below the row above it", level + 1 - open.len()),
                };
                return Err(Error::invalid(self.place(row, column), "level_jump", message));
            }
            if *level == 0 && index > 0 && offset == 0 {
                return Err(self.several_tops(0, index, column));
            }
            open.truncate(*level);
            parents.push(open.last().copied());
            open.push(index);
        }
        Ok(parents)
    }

    fn several_tops(&self, first: usize, second: usize, column: usize) -> Error {
        let (Some(first), Some(second)) = (self.rows.get(first), self.rows.get(second)) else {
            return Error::internal("a row of the tree is gone");
        };
        let message = format!(
            "{} (row {}) and {} (row {}) are both on the highest level",
            first.number, first.row, second.number, second.row
        );
        Refusal::new(RefusalKind::Invalid, "several_tops", message)
            .at(self.place(second, column))
            .advise("A structure has one top. Say which assembly these lines belong to, or correct the levels.")
            .into()
    }

    /// True when every filled cell is a dotted number and at least one has a dot inside.
    fn is_dotted(&self, column: usize) -> bool {
        let texts: Vec<_> = self.rows.iter().map(|row| self.raw(row, column).trim()).filter(|text| !text.is_empty()).collect();
        texts.iter().all(|text| segments(text).is_some())
            && texts.iter().any(|text| segments(text).is_some_and(|found| found.len() > 1))
    }

    /// Dotted numbers: 1.2.3 belongs below 1.2, wherever that row stands.
    fn dotted(&self, column: usize) -> Result<Vec<Option<usize>>> {
        let mut rows_at: HashMap<Vec<u32>, usize> = HashMap::new();
        let mut positions = Vec::with_capacity(self.rows.len());
        for (index, row) in self.rows.iter().enumerate() {
            let text = self.raw(row, column).trim();
            let position = if index == 0 && (text.is_empty() || text == "0") { Some(Vec::new()) } else { segments(text) };
            let Some(position) = position else {
                let message = "this row has no dotted number such as 1.2.3";
                return Err(Error::invalid(self.place(row, column), "bad_position", message));
            };
            // The top may have a part of its own; the exact check follows when the top is known.
            if position.len() > limits::STRUCTURE_LEVELS + 1 {
                return Err(too_deep(self.place(row, column)));
            }
            if let Some(earlier) = rows_at.insert(position.clone(), index) {
                let message = format!("{text} is there twice, also in row {}", self.rows.get(earlier).map_or(0, |row| row.row));
                let refusal = Refusal::new(RefusalKind::Invalid, "position_twice", message).at(self.place(row, column));
                return Err(refusal.advise("A spreadsheet shows 1.10 as 1.1 unless the column is formatted as text.").into());
            }
            positions.push(position);
        }
        let singles: Vec<_> =
            positions.iter().enumerate().filter(|(_, position)| position.len() == 1).map(|(index, _)| index).collect();
        let stated_first = positions.first().is_some_and(Vec::is_empty);
        let has_top = stated_first || self.options.top.is_some();
        if let ([first, second, ..], false) = (singles.as_slice(), has_top) {
            return Err(self.several_tops(*first, *second, column));
        }
        let parent_of = |(row, position): (&ParsedRow, &Vec<u32>)| {
            let Some((_, above)) = position.split_last() else { return Ok(None) };
            match rows_at.get(above) {
                Some(parent) => Ok(Some(*parent)),
                None if above.is_empty() => Ok(None),
                None => {
                    let above: Vec<_> = above.iter().map(u32::to_string).collect();
                    let message = format!("there is no row {} for this row to belong to", above.join("."));
                    Err(Error::invalid(self.place(row, column), "position_orphan", message))
                }
            }
        };
        let parents: Vec<_> = self.rows.iter().zip(&positions).map(parent_of).collect::<Result<_>>()?;
        Ok(parents)
    }

    /// No sign of levels: a single row is a top by itself, several need one stated.
    fn flat(&self, header: &Header) -> Result<Vec<Option<usize>>> {
        if let (Some(_), Some(second), None) = (self.rows.first(), self.rows.get(1), &self.options.top) {
            let message = "the rows show no levels, parents or dotted numbers";
            let place = header.column(Field::Number).map_or_else(String::new, |column| self.place(second, column));
            return Err(Refusal::new(RefusalKind::Invalid, "no_levels", message)
                .at(place)
                .advise("If this is a plain list, say which assembly its lines belong to.")
                .into());
        }
        Ok(vec![None; self.rows.len()])
    }

    /// Where a file has both levels and parents, they must say the same.
    fn same_parents(&self, parents: &[Option<usize>], column: usize) -> Result<()> {
        for (row, parent) in self.rows.iter().zip(parents) {
            let Some(parent) = parent.and_then(|index| self.rows.get(index)) else { continue };
            if !row.parent.is_empty() && row.parent != parent.number {
                let message = format!(
                    "by its level {} belongs to {} (row {}), not to {}",
                    row.number, parent.number, parent.row, row.parent
                );
                return Err(Error::invalid(self.place(row, column), "parent_differs", message));
            }
        }
        Ok(())
    }

    /// Refuses an item below itself, naming both rows, before the lists of repeated items are compared.
    fn refuse_ancestors(&self, parents: &[Option<usize>]) -> Result<()> {
        for (row, parent) in self.rows.iter().zip(parents) {
            let mut above = *parent;
            let mut steps = 0;
            while let Some(ancestor) = above.and_then(|index| self.rows.get(index)) {
                if ancestor.number == row.number {
                    let (code, how) = if steps == 0 { ("self_reference", "directly") } else { ("cycle", "through other items") };
                    let message = format!("{} (row {}) contains itself {how}, in row {}", row.number, ancestor.row, row.row);
                    return Err(Error::invalid(self.sheet.row_place(row.row), code, message));
                }
                above = above.and_then(|index| parents.get(index).copied().flatten());
                // Levels are limited, so that this ends; dotted numbers cannot form a ring either.
                steps += 1;
            }
        }
        Ok(())
    }
}

struct Indent {
    width: usize,
    tabs: bool,
}

pub(super) fn too_deep(place: String) -> Error {
    Error::too_large(place, format!("more than {} levels", limits::STRUCTURE_LEVELS))
}

/// `1.2.3` or `1.2.3.` as its parts.
fn segments(text: &str) -> Option<Vec<u32>> {
    let text = text.strip_suffix('.').unwrap_or(text);
    let part = |part: &str| Some(part).filter(|part| part.len() <= 6 && part.bytes().all(|b| b.is_ascii_digit()))?.parse().ok();
    text.split('.').map(part).collect()
}
