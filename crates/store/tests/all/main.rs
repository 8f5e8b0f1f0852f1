//! One suite over both back ends: what holds for SQLite holds for PostgreSQL. Then what is of one back end alone.

// The lint's exemption for tests does not reach helpers that several tests share.
#![allow(clippy::unwrap_used)]

mod control;
mod database;
mod durability;
mod evidence;
mod fleet;
mod lifecycle;
mod people;
mod scopes;
mod support;
mod upgrade;
