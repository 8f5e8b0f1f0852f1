//! `enamel config check`: mistakes in files that people edit, named before they matter.

use crate::cli::{ConfigCheckArgs, Global};
use enamel_assess::{Content, practice_profile};

use crate::error::{Error, Outcome};
use crate::terminal;

/// Runs the verb.
pub(crate) fn check(global: &Global, args: &ConfigCheckArgs) -> Result<Outcome, Error> {
    let content = Content::load(global.content.as_deref())?;
    let profile = practice_profile(args.practice.as_deref())?;
    if global.json {
        terminal::json_line(&serde_json::json!({
            "checks": content.checks.checks().len(),
            "controls": content.controls.controls().len(),
            "practice": profile.name,
        }))?;
    } else {
        terminal::text(&format!(
            "All good: {} checks, {} controls, practice {:?}",
            content.checks.checks().len(),
            content.controls.controls().len(),
            profile.name
        ))?;
    }
    Ok(Outcome::Done)
}
