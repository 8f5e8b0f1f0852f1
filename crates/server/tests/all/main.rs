//! Tests of the MSP's side, in one binary.

mod demo;
