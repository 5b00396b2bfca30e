//! The bars: how fast, or how small, the contestants of this workspace have to be.

/// The bar of this workspace in a case.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Target {
    /// This many times the floor of the run.
    Floor(f64),
    /// The same, where the bar lies in the noise.
    NoisyFloor(f64),
    /// This figure, each contestant by name.
    Absolute(&'static [(&'static str, f64)]),
    /// The same; a contestant that is compared with another one may take this many times that one's figure.
    Memory(&'static [(&'static str, f64)], f64),
    /// This many times the contestant of this name in the same run.
    Rival(&'static str, f64),
    None,
}

/// The bar of a contestant of this workspace.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Bar {
    /// The bar of the case, times this.
    OfCase(f64),
    /// The figure of the contestant of this name, times this.
    OfOther(&'static str, f64),
}
