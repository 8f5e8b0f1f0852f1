//! What an MSP's server keeps: SQLite or PostgreSQL behind one Store.
