//! Writes the sample practice's report and letters to a folder, to look at: `cargo run -p enamel-report --example sample -- DIR`.

#[allow(dead_code)] // the tests use more of it
#[path = "../tests/all/sample/mod.rs"]
mod sample;

use std::error::Error;
use std::path::PathBuf;

fn main() -> Result<(), Box<dyn Error>> {
    let folder = PathBuf::from(std::env::args_os().nth(1).ok_or("name the folder to write to")?);
    std::fs::create_dir_all(&folder)?;
    let model = sample::model();
    std::fs::write(folder.join("report.html"), enamel_report::render_html(&model)?)?;
    let brand = sample::brand();
    let monthly = enamel_report::letter::render_monthly(&model, &brand, &sample::month())?;
    std::fs::write(folder.join("monthly.html"), monthly)?;
    std::fs::write(folder.join("prospect.html"), enamel_report::letter::render_prospect(&model, &brand)?)?;
    std::fs::write(
        folder.join("assessment-results.json"),
        enamel_report::oscal::assessment_results(&model)?,
    )?;
    Ok(())
}
