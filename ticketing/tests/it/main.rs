//! What a product sees of the facade.

mod readme;
mod registered;
