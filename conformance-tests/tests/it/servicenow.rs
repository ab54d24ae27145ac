//! The suite on ServiceNow's sandbox.
