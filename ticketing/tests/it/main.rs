//! What a product sees of the facade.

mod registered;
