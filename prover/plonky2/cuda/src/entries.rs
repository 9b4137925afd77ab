//! The entry points of the library for a card and of the one for the processor.

/// What the kernels run on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Runtime {
    /// A card. Only in builds with the feature `cuda`.
    Cuda,
    /// The processor, thread by thread: for tests. Only in builds with the feature `emulated`.
    Emulated,
}

impl Runtime {
    /// Whether this build has kernels for it.
    pub const fn is_built(self) -> bool {
        match self {
            Self::Cuda => cfg!(feature = "cuda"),
            Self::Emulated => cfg!(feature = "emulated"),
        }
    }

    /// The feature of this crate that builds it.
    pub(crate) const fn feature(self) -> &'static str {
        match self {
            Self::Cuda => "cuda",
            Self::Emulated => "emulated",
        }
    }
}

/// Declares entry points, in `kernels/` as `ENTRY(name)`, for whichever runtimes this build has; `of` finds those of one.
macro_rules! entries {
    ($($(#[$doc:meta])* fn $name:ident($($argument:ident: $type:ty),* $(,)?) -> $result:ty;)*) => {
        /// The functions of one runtime.
        #[cfg_attr(not(any(feature = "cuda", feature = "emulated")), allow(dead_code))]
        pub(crate) struct Entries {
            $($(#[$doc])* pub $name: unsafe extern "C" fn($($type),*) -> $result,)*
        }

        impl Entries {
            /// Those of a runtime that this build has: a device was opened.
            pub fn of(runtime: $crate::Runtime) -> &'static Self {
                match runtime {
                    #[cfg(feature = "cuda")]
                    $crate::Runtime::Cuda => {
                        unsafe extern "C" {
                            $(#[link_name = concat!("ashlar_cuda_", stringify!($name))]
                            fn $name($($argument: $type),*) -> $result;)*
                        }
                        static ENTRIES: Entries = Entries { $($name),* };
                        &ENTRIES
                    }
                    #[cfg(feature = "emulated")]
                    $crate::Runtime::Emulated => {
                        unsafe extern "C" {
                            $(#[link_name = concat!("ashlar_emulated_", stringify!($name))]
                            fn $name($($argument: $type),*) -> $result;)*
                        }
                        static ENTRIES: Entries = Entries { $($name),* };
                        &ENTRIES
                    }
                    #[allow(unreachable_patterns)]
                    _ => unreachable!("a device was opened that this build has no kernels for"),
                }
            }
        }
    };
}
pub(crate) use entries;
