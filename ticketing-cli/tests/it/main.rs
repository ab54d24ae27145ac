//! The `ticketing` binary, as its users meet it: exit code, standard output, standard error.

mod help;
mod runner;
