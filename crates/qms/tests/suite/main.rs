//! The quality domain through the door, on both engines.

mod capa;
mod company;
mod complaint;
mod document;
mod document_dates;
mod review;
mod risk;
mod supplier;
