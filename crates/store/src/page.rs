//! Pages by cursor. A cursor is the order key of the last item shown, so that a page neither shows an item twice nor leaves one out
//! while others come and go; an offset would.

/// Most items of a page.
pub const MAX_PAGE: u32 = 500;

/// A page's items, and where the next one begins.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Page<T, C> {
    /// The items.
    pub items: Vec<T>,
    /// To be passed for the next page; `None` on the last.
    pub next: Option<C>,
}

impl<T, C> Page<T, C> {
    /// Cuts a list that was read with one item more than the page has. `cursor` says where an item stands.
    pub(crate) fn cut(mut items: Vec<T>, limit: u32, cursor: impl Fn(&T) -> C) -> Self {
        let limit = limit.clamp(1, MAX_PAGE) as usize;
        let more = items.len() > limit;
        items.truncate(limit);
        let next = if more { items.last().map(cursor) } else { None };
        Self { items, next }
    }
}

/// How many rows to read for a page: one more, to see whether there is a next one.
pub(crate) fn rows_for(limit: u32) -> u32 {
    limit.clamp(1, MAX_PAGE) + 1
}

/// A name as it is compared and searched: without case, and single spaces.
pub(crate) fn name_key(name: &str) -> String {
    name.split_whitespace().map(str::to_lowercase).collect::<Vec<_>>().join(" ")
}

/// A pattern for `LIKE … ESCAPE '!'` that finds a text anywhere in a name key.
pub(crate) fn pattern(text: &str) -> String {
    let mut pattern = String::from("%");
    for letter in name_key(text).chars() {
        if matches!(letter, '%' | '_' | '!') {
            pattern.push('!');
        }
        pattern.push(letter);
    }
    pattern.push('%');
    pattern
}
