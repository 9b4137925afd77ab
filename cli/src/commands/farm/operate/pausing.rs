//! `ashlar farm pause` and `resume`.

use ashlar_proto::farm::v1 as pb;

use super::{Asked, tenant_name, which::AnyTenant};
use crate::farm_link::FarmLink;

pub async fn set(farm: &FarmLink, whose: &AnyTenant, paused: bool) -> anyhow::Result<()> {
    let tenant = whose.tenant();
    let whose = match &tenant {
        None => "of anybody".to_owned(),
        Some(tenant) => format!("of {}", tenant_name(Some(tenant))),
    };
    let mut asked = Asked::connect(farm).await?;
    let answer = asked.admin.pause(pb::PauseRequest { tenant, paused }).await;
    asked.answer(answer)?;
    if paused {
        crate::say!(
            "no job {whose} is leased until `ashlar farm resume`; those that workers have are finished"
        )?;
    } else {
        crate::say!("jobs {whose} are leased, unless another pause holds: `ashlar farm status` tells")?;
    }
    Ok(())
}
