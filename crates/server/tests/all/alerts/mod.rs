//! Alerts: who is told, and that it arrives.

mod delivery;
mod receivers;
mod router;
