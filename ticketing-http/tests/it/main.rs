//! The HTTP plane, against a server that misbehaves on cue and against time that stands still.

mod addresses;
mod delivery;
mod faults;
mod mock;
