//! Writes every file for a fictional town: `cargo run -p hinamori-report --example samples -- FOLDER`.

mod values;

use std::path::PathBuf;

use hinamori_model::Mode;
use hinamori_report::{Audience, Hxl, Live, Tier, answer, assessments_csv, pfif, site_list_csv};

fn main() -> values::Outcome<()> {
    let folder: PathBuf = std::env::args_os().nth(1).ok_or("usage: samples FOLDER")?.into();
    std::fs::create_dir_all(&folder)?;
    let write = |name: String, bytes: Vec<u8>| std::fs::write(folder.join(name), bytes);
    for (mode, prefix) in [(Mode::Live, "live"), (Mode::Drill, "drill")] {
        let (first, corrected) = values::reports(mode)?;
        for (audience, whose) in
            [(Audience::Headquarters, "headquarters"), (Audience::Everybody, "everybody")]
        {
            let sheet = corrected.sheet(audience);
            write(format!("{prefix}-{whose}.csv"), sheet.csv(Hxl::Write))?;
            write(format!("{prefix}-{whose}.geojson"), sheet.geo_json()?)?;
        }
        write(format!("{prefix}-first.signed"), first.signed_bytes())?;
        write(format!("{prefix}-correction.csv"), corrected.correction_csv().unwrap_or_default())?;
        write(
            format!("{prefix}-assessments.csv"),
            assessments_csv(&values::occasion(mode), &[values::assessment()?]),
        )?;
        let known = values::known();
        let mut answers = String::new();
        for (known, tier) in
            [(known.as_ref(), Tier::Family), (known.as_ref(), Tier::Acquaintance), (None, Tier::Family)]
        {
            answers.extend([answer(tier, known).sentences(mode).expose(), "\n"]);
        }
        write(format!("{prefix}-answers.txt"), answers.into_bytes())?;
        if let Some(live) = Live::of(mode) {
            write(
                format!("{prefix}-people.pfif"),
                pfif(live, &values::home()?, values::NOW, &values::people()?)?,
            )?;
        }
    }
    write("sites.csv".to_owned(), site_list_csv(&[values::emergency_site()?]))?;
    Ok(())
}
