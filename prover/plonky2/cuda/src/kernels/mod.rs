//! The kernels, by what they are for. All check the shapes of what they are given, and panic where these do not fit.

pub mod arithmetic;
