//! The `ticketing` binary, as its users meet it.
