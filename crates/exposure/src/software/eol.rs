//! When a maker stops mending a system or an application.
//!
//! The dates are content (`content/eol.toml`, from endoflife.date), this module only looks them up: an operating system
//! by product, build and edition, an application by an anchored pattern over the name its installer registered. What is
//! not in the table is [`Status::Unknown`], never "supported".

use enamel_types::content::{ContentError, parse_toml};
use enamel_types::device::OsInfo;
use enamel_types::software::Package;
use jiff::civil::Date;
use serde::Deserialize;

/// Whether security fixes still come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    /// They do, for everybody, up to and including this day.
    Supported {
        /// Last day.
        until: Date,
    },
    /// They do not, or only for those who pay.
    Ended {
        /// Last day of fixes for everybody.
        on: Date,
        /// Last day of fixes for those who pay the maker for an extension, where that lies in the future.
        paid_until: Option<Date>,
    },
    /// The table does not say.
    Unknown,
}

/// The end-of-life table.
#[derive(Debug, Clone)]
pub struct EolTable {}

impl EolTable {
    /// The table that is compiled in.
    pub fn builtin() -> Result<Self, ContentError> {
        Self::parse("content/eol.toml", include_str!("../../../../content/eol.toml"))
    }

    /// Reads a table; `file` is its name in error messages.
    pub fn parse(file: &str, text: &str) -> Result<Self, ContentError> {
        let _: Empty = parse_toml(file, text)?;
        Ok(Self {})
    }

    /// Whether an operating system is still mended on `today`.
    pub fn status(&self, _os: &OsInfo, _today: Date) -> Status {
        Status::Unknown
    }

    /// The product that an installed package is, and whether it is still mended on `today`; `None` where the table does
    /// not know the package.
    pub fn package(&self, _package: &Package, _today: Date) -> Option<(&str, Status)> {
        None
    }
}

#[derive(Deserialize)]
struct Empty {}
