//! The entry points of the library for a card and of the one for the processor.

/// What the kernels run on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Runtime {
    /// A card.
    #[cfg(feature = "cuda")]
    Cuda,
    /// The processor, thread by thread: for tests.
    #[cfg(feature = "emulated")]
    Emulated,
}

/// Declares entry points, in `kernels/` as `ENTRY(name)`, for whichever runtimes this build has; `of` finds those of one.
macro_rules! entries {
    ($($(#[$doc:meta])* fn $name:ident($($argument:ident: $type:ty),* $(,)?) -> $result:ty;)*) => {
        /// The functions of one runtime.
        pub(crate) struct Entries {
            $($(#[$doc])* pub $name: unsafe extern "C" fn($($type),*) -> $result,)*
        }

        impl Entries {
            /// Those of a runtime.
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
                }
            }
        }
    };
}
pub(crate) use entries;
