//! What is here: the card, and so who computes in the other parts.

use crate::selftest::{child::Context, event::Event, part::Target};

const CHECK: &str = "card";

#[cfg(not(feature = "icicle"))]
pub fn run(context: &mut Context) -> anyhow::Result<()> {
    absent(
        context,
        "this binary has no CUDA backend: build it with --features icicle (docs/gpu.md)".to_owned(),
    )
}

/// Without a card the CPU does it all.
fn absent(context: &mut Context, reason: String) -> anyhow::Result<()> {
    let target = Target::DryRun;
    context.report.say(&Event::Target { target })?;
    if context.args.card_required {
        context
            .report
            .check(CHECK, || anyhow::bail!("--device was given: {reason}"))
            .map(|_: Option<()>| ())
    } else {
        context.report.skip(CHECK, reason)
    }
}

#[cfg(feature = "icicle")]
pub use device::run;

#[cfg(feature = "icicle")]
mod device {
    use ashlar_accel::icicle::{Card, KERNELS, card};
    use nvml_wrapper::{
        Nvml,
        enum_wrappers::device::{Clock, TemperatureSensor},
        error::NvmlError,
    };

    use super::{CHECK, Context, Event, Target, absent};
    use crate::selftest::figures::{CardFacts, Management};

    /// `cudaErrorStubLibrary`, `cudaErrorInsufficientDriver` (also where there is no driver), `cudaErrorNoDevice`
    const NONE: [i32; 3] = [34, 35, 100];
    /// What the stand-in calls itself (`prover/accel/icicle/stand-in`).
    const STAND_IN: &str = "stand-in on the CPU";

    pub fn run(context: &mut Context) -> anyhow::Result<()> {
        if let Some(reason) = no_card() {
            return absent(context, reason);
        }
        let card = context.report.check(CHECK, || Ok(card(0)?))?;
        let Some(card) = card else {
            let target = Target::Card; // it is there, and something is wrong with it
            return context.report.say(&Event::Target { target });
        };
        let target = if card.facts.name == STAND_IN {
            Target::StandIn
        } else {
            Target::Card
        };
        context.report.say(&Event::Target { target })?;
        // A container may have the driver without this library.
        let management = match management(&card.facts.pci_bus_id) {
            Ok(management) => Some(management),
            Err(error) => {
                context
                    .report
                    .skip("management library", format!("NVML: {error}"))?;
                None
            }
        };
        context.report.say(&Event::Card(facts(card, management)))
    }

    /// Why there is none, if there is none: no driver at all, or no card that it sees. Every other answer is a fault.
    fn no_card() -> Option<String> {
        match ashlar_icicle::Device::count() {
            Ok(0) => Some("the driver sees no card".to_owned()),
            Ok(_) => None,
            Err(error) if NONE.contains(&error.status()) => Some(error.to_string()),
            Err(_) => None,
        }
    }

    fn facts(card: Card, management: Option<Management>) -> CardFacts {
        let number = |(major, minor)| format!("{major}.{minor}");
        CardFacts {
            name: card.facts.name,
            compute_capability: number(card.facts.compute_capability),
            multiprocessors: card.facts.multiprocessors,
            pci_bus_id: card.facts.pci_bus_id,
            memory_bytes: card.total_bytes,
            free_bytes: card.free_bytes,
            driver_cuda: number(card.facts.driver_cuda),
            runtime_cuda: number(card.facts.runtime_cuda),
            kernels: format!("{KERNELS:?}"),
            management,
        }
    }

    /// A machine without the development files has the library under its versioned name only.
    fn management(pci_bus_id: &str) -> Result<Management, NvmlError> {
        let nvml = Nvml::builder().lib_path("libnvidia-ml.so.1".as_ref()).init()?;
        let device = nvml.device_by_pci_bus_id(pci_bus_id)?;
        let clock = |clock| device.clock_info(clock).ok();
        let max_clock = |clock| device.max_clock_info(clock).ok();
        Ok(Management {
            driver: nvml.sys_driver_version().ok(),
            sm_clock_mhz: clock(Clock::SM),
            sm_clock_max_mhz: max_clock(Clock::SM),
            memory_clock_mhz: clock(Clock::Memory),
            memory_clock_max_mhz: max_clock(Clock::Memory),
            throttled_by: device
                .current_throttle_reasons()
                .ok()
                .map(|reasons| format!("{reasons:?}")),
            power_limit_watts: device
                .enforced_power_limit()
                .ok()
                .map(|milli| f64::from(milli) / 1e3),
            temperature_celsius: device.temperature(TemperatureSensor::Gpu).ok(),
            pcie_generation: device.current_pcie_link_gen().ok(),
            pcie_generation_max: device.max_pcie_link_gen().ok(),
            pcie_lanes: device.current_pcie_link_width().ok(),
            pcie_lanes_max: device.max_pcie_link_width().ok(),
            persistence_mode: device.is_in_persistent_mode().ok(),
            ecc: device.is_ecc_enabled().ok().map(|ecc| ecc.currently_enabled),
        })
    }
}
