//! A contributor outside this workspace runs the suite.
