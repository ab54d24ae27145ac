//! What the fuzz targets in `tests/fuzz` share: shapes made from bytes, and sandboxes whose answers can be forged.
//!
//! A target gets bytes and nothing else, so that any engine can drive it and any input can be replayed from a file; the
//! README says how to run them for longer.

mod bed;
mod drawn;
mod kept;
mod shape;
mod vendor;

pub use bed::{Bed, Forged, Heard};
pub use drawn::{LONGEST, Shown, drawn};
pub use kept::kept;
pub use shape::Shape;
pub use vendor::{JiraCloud, JiraDataCenter, ServiceNow, Vendor, Zendesk};
