//! The `ticketing` binary, as its users meet it: exit code, standard output, standard error.

mod bad_input;
mod demo;
mod documents;
mod help;
mod runner;
mod sandbox;
mod server;
mod servicenow;
