//! One practice computer under watch: sensors by schedule, a spool on disk, commands verified.
