//! Search: one box, results by kind.

/// The page.
#[derive(Debug, Clone)]
pub struct Search {
    /// What was asked.
    pub query: String,
    /// What was found, by kind; kinds without a result are left out.
    pub groups: Vec<Hits>,
}

/// Results of one kind.
#[derive(Debug, Clone)]
pub struct Hits {
    /// The key of the kind.
    pub key: &'static str,
    /// The results.
    pub rows: Vec<Hit>,
    /// Whether there are more.
    pub more: bool,
}

/// One result.
#[derive(Debug, Clone)]
pub struct Hit {
    /// Its page.
    pub href: String,
    /// Its name.
    pub title: String,
    /// Where it belongs.
    pub context: String,
}

impl Search {
    /// How many results.
    pub fn total(&self) -> u64 {
        self.groups.iter().map(|group| group.rows.len() as u64).sum()
    }
}
