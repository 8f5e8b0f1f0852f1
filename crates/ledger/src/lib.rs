//! Placeholder; the ledger helper replaces this file.
