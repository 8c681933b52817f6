//! Lists the files of `scenarios/`, so that a scenario's name and place are written once: in the name of its file.

use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::{env, fs};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    println!("cargo:rerun-if-changed=scenarios");
    let folder = Path::new(&env::var("CARGO_MANIFEST_DIR")?).join("scenarios");
    let mut files =
        fs::read_dir(folder)?.map(|entry| Ok(entry?.path())).collect::<Result<Vec<PathBuf>, std::io::Error>>()?;
    files.sort();
    let (mut embedded, mut identified) = (String::new(), String::new());
    for file in files.iter().filter(|file| file.extension().is_some_and(|extension| extension == "toml")) {
        let stem = file.file_stem().and_then(|stem| stem.to_str()).ok_or("a scenario's name is UTF-8")?;
        // The example has no place in the list.
        if let Some((_, name)) = stem.split_once('-') {
            let path = file.to_str().ok_or("the path of a scenario is UTF-8")?;
            writeln!(embedded, "    Embedded {{ name: {name:?}, toml: include_str!({path:?}) }},")?;
            writeln!(identified, "    {}: {name:?},", name.replace('-', "_"))?;
        }
    }
    let out = PathBuf::from(env::var("OUT_DIR")?);
    fs::write(out.join("scenarios.rs"), format!("&[\n{embedded}]"))?;
    let each = format!(
        "/// Hands `identifier: \"name\",` of every scenario to the macro `$of`: for tests.\n#[macro_export]\n\
         macro_rules! each_scenario {{ ($of:ident) => {{ $of! {{\n{identified}}} }} }}\n"
    );
    fs::write(out.join("each_scenario.rs"), each)?;
    Ok(())
}
