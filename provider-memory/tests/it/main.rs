//! Tests of the memory provider.
