//! One suite over both back ends: what holds for SQLite holds for PostgreSQL.

mod control;
mod evidence;
mod fleet;
mod people;
mod support;
