use halo2curves::{
    bn256::{Fr, G1, G1Affine},
    group::Group,
};

/// Twin of [`crate::Msm`]: one product after another.
pub fn msm(scalars: &[Fr], bases: &[G1Affine]) -> G1 {
    scalars
        .iter()
        .zip(bases)
        .fold(G1::identity(), |sum, (scalar, base)| sum + base * scalar)
}
