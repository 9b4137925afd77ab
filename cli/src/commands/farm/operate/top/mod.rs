//! `ashlar farm top`: the farm as it works, drawn anew every second.

mod frame;
mod screen;

use std::{
    io::{self, IsTerminal},
    time::Duration,
};

use ashlar_proto::farm::v1 as pb;
use tokio::time::{MissedTickBehavior, interval};
use tokio_util::sync::CancellationToken;

use self::screen::Screen;
use super::Asked;
use crate::farm_link::FarmLink;

const INTERVAL: Duration = Duration::from_secs(1);

/// Shows it until `q` or Ctrl-C; once, if the output is no terminal.
pub async fn run(farm: &FarmLink, once: bool) -> anyhow::Result<()> {
    let mut asked = Asked::connect(farm).await?;
    let overview = asked.overview().await?;
    if once || !io::stdout().is_terminal() {
        let lines = frame::lines(&farm.farm, &overview, None);
        return Ok(crate::say!("{}", lines.join("\n"))?);
    }
    let quit = CancellationToken::new();
    ashlar_process::signal::cancel_on_termination(quit.clone())?;
    let screen = Screen::open(quit.clone())?;
    quit.run_until_cancelled(draw(&mut asked, &farm.farm, &screen, overview))
        .await
        .unwrap_or(Ok(()))
}

async fn draw(
    asked: &mut Asked,
    url: &str,
    screen: &Screen,
    mut overview: pb::OverviewResponse,
) -> anyhow::Result<()> {
    let mut ticks = interval(INTERVAL);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    ticks.tick().await;
    let mut trouble = None;
    loop {
        let mut lines = frame::lines(url, &overview, trouble.as_deref());
        lines.push("q: quit".to_owned());
        screen.show(&lines)?;
        ticks.tick().await;
        // A coordinator that restarts is waited for: what is on the screen stays, and says that it is old.
        match asked.overview().await {
            Ok(latest) => (overview, trouble) = (latest, None),
            Err(error) => trouble = Some(format!("{error:#}")),
        }
    }
}
