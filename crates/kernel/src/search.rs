//! Search over all records: an ordinary table of words, so that it is transactional, filtered by
//! what the viewer may see, and gives the same hits on both engines
//! (`docs/decisions/0002-search.md`).

use crate::authority::Viewer;
use crate::record::Record;
use base::limits::{SEARCH_CANDIDATES, SEARCH_CHARS, SEARCH_HITS, SEARCH_WORDS_PER_QUERY};
use base::{Error, Refusal, RefusalKind, Result};
use db::{Query, Read, Value, sql};

/// What a search found.
#[derive(Debug, Clone, Default)]
pub struct Found {
    /// The best hits, at most [`SEARCH_HITS`].
    pub records: Vec<Record>,
    /// There are further ones, which only more words would show.
    pub more: bool,
}

/// Records in which every word of the text begins some word, best first: the exact number, then
/// the number's beginning, then what counts or is newest. Superseded revisions are left out.
///
/// Errors: 422 for a text that is too long or has too many words.
pub fn find(tx: &mut dyn Read, viewer: &Viewer, text: &str, kinds: &[String]) -> Result<Found> {
    let words = query_words(text)?;
    if words.is_empty() {
        return Ok(Found::default());
    }
    let mut query = Query::with(
        sql(
            "select r.* from record r join item i on i.tenant = r.tenant and i.id = r.item
             where r.tenant = $1 and coalesce(i.effective, i.latest) = r.id",
        ),
        vec![viewer.tenant().into()],
    );
    let visible: Vec<Value> = viewer.kinds().iter().filter(|kind| kinds.is_empty() || kinds.contains(kind)).map(|kind| kind.as_str().into()).collect();
    query.push_list(" and r.kind in ", visible.clone());
    let sites: Option<Vec<Value>> = viewer.sites().map(|sites| sites.iter().map(|site| site.as_str().into()).collect());
    if let Some(sites) = sites.clone() {
        query.push_list(" and (r.site is null or r.site in ", sites);
        query.push(")");
    }
    let folded = base::text::fold(text.trim());
    match words.as_slice() {
        // One short word may begin thousands of others: the exact number, and as many as anybody
        // would look at.
        [only] => {
            let (from, until) = prefix_range(only);
            query.push_bind(" and (i.number_fold = ", folded.as_str());
            query.push_bind(" or r.id in (select w.record from search_word w join record v on v.tenant = w.tenant and v.id = w.record where w.tenant = ", viewer.tenant());
            query.push_bind(" and w.word >= ", from);
            query.push_bind(" and w.word < ", until);
            // Only what the viewer sees counts: others' records must not crowd out their own.
            query.push_list(" and v.kind in ", visible);
            if let Some(sites) = sites {
                query.push_list(" and (v.site is null or v.site in ", sites);
                query.push(")");
            }
            query.push_bind(" order by w.word, w.record limit ", SEARCH_CANDIDATES as i64);
            query.push("))");
        }
        words => narrow_to_words(&mut query, viewer.tenant(), words),
    }
    query.push_bind(" order by case when i.number_fold = ", folded.as_str());
    query.push_bind(" then 0 when substr(i.number_fold, 1, length(", folded.as_str());
    query.push_bind(")) = ", folded.as_str());
    query.push(" then 1 else 2 end, r.changed_at desc, r.id");
    query.push_bind(" limit ", SEARCH_HITS as i64 + 1);
    let mut records = tx.run(&query)?.iter().map(|row| Record::from_row(viewer.tenant(), row)).collect::<Result<Vec<_>>>()?;
    let more = records.len() > SEARCH_HITS;
    records.truncate(SEARCH_HITS);
    Ok(Found { records, more })
}

/// The words of a search text. `PR-0012` also matches as it is written: each part is a word.
pub(crate) fn query_words(text: &str) -> Result<Vec<String>> {
    if text.chars().count() > SEARCH_CHARS {
        return Err(Error::invalid("q", "too_long", format!("a search has at most {SEARCH_CHARS} characters")));
    }
    let mut words = base::text::words(text);
    words.sort();
    words.dedup();
    // A hit holds every word: one that was left out silently would show records that do not.
    if words.len() > SEARCH_WORDS_PER_QUERY {
        let message = format!("This search has {} words; at most {SEARCH_WORDS_PER_QUERY} are looked for.", words.len());
        return Err(Refusal::new(RefusalKind::Invalid, "too_many_words", message).at("q").advise("Leave out the words that many records hold.").into());
    }
    Ok(words)
}

/// Only records (`r`) in which every word begins some word. The longest is looked up first: it
/// begins the fewest.
pub(crate) fn narrow_to_words(query: &mut Query, tenant: &str, words: &[String]) {
    let mut words: Vec<_> = words.iter().collect();
    words.sort_by_key(|word| std::cmp::Reverse(word.chars().count()));
    for (place, word) in words.into_iter().enumerate() {
        let (from, until) = prefix_range(word);
        if place == 0 {
            query.push_bind(" and r.id in (select w.record from search_word w where w.tenant = ", tenant);
        } else {
            query.push(" and exists (select 1 from search_word w where w.tenant = r.tenant and w.record = r.id");
        }
        query.push_bind(" and w.word >= ", from);
        query.push_bind(" and w.word < ", until);
        query.push(")");
    }
}

/// The half-open range of words that begin with `word`, in binary order.
pub(crate) fn prefix_range(word: &str) -> (String, String) {
    let mut until = word.to_owned();
    until.push(char::MAX);
    (word.to_owned(), until)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_prefix_range_holds_exactly_the_words_that_begin_so() {
        let (from, until) = prefix_range("fit");
        for inside in ["fit", "fitting", "fitﬀ"] {
            assert!(from.as_str() <= inside && inside < until.as_str(), "{inside}");
        }
        for outside in ["fi", "fiu", "g"] {
            assert!(!(from.as_str() <= outside && outside < until.as_str()), "{outside}");
        }
    }

    #[test]
    fn frs_sea_003_a_search_past_its_length_or_its_number_of_words_is_refused() {
        let code = |text: &str| query_words(text).map_err(|error| error.refusal().unwrap().code.clone());
        assert_eq!(code(&"a".repeat(SEARCH_CHARS)).unwrap().len(), 1);
        assert_eq!(code(&"a".repeat(SEARCH_CHARS + 1)).unwrap_err(), "too_long");
        let words = |count: usize| (0..count).map(|number| format!("w{number}")).collect::<Vec<_>>().join(" ");
        assert_eq!(code(&words(SEARCH_WORDS_PER_QUERY)).unwrap().len(), SEARCH_WORDS_PER_QUERY);
        assert_eq!(code(&words(SEARCH_WORDS_PER_QUERY + 1)).unwrap_err(), "too_many_words");
        // A word that is said twice is looked for once.
        assert_eq!(code(&format!("{} w0", words(SEARCH_WORDS_PER_QUERY))).unwrap().len(), SEARCH_WORDS_PER_QUERY);
        let refused = query_words(&words(SEARCH_WORDS_PER_QUERY + 1)).unwrap_err();
        let refusal = refused.refusal().unwrap();
        assert_eq!((refusal.place.as_deref(), refusal.message.as_str()), (Some("q"), format!("This search has {} words; at most {SEARCH_WORDS_PER_QUERY} are looked for.", SEARCH_WORDS_PER_QUERY + 1).as_str()));
    }
}
