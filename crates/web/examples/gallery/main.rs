//! Writes every component as static pages with sample data of a device maker:
//! `cargo run -p web --example gallery -- OUTDIR`. The browser tests walk through them, and
//! whoever changes a component looks at it here before the product runs.

mod drawings;
mod everyday;
mod forms;
mod frame;
mod people;
mod record;
mod structure;

use maud::{Markup, Render, html};
use std::path::Path;
use web::assets;
use web::ui::{Page, PageHead};

/// File name, and the page.
type Sheet = (&'static str, Page);

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let out = std::env::args().nth(1).ok_or("usage: gallery OUTDIR")?;
    let out = Path::new(&out);
    let folder = out.join("assets").join(&*assets::STAMP);
    std::fs::create_dir_all(&folder)?;
    for asset in assets::ALL {
        std::fs::write(folder.join(asset.name), asset.bytes)?;
    }
    let mut sheets: Vec<Sheet> = Vec::new();
    sheets.extend(everyday::sheets());
    sheets.extend(record::sheets());
    sheets.extend(structure::sheets());
    sheets.extend(forms::sheets());
    sheets.extend(people::sheets());
    sheets.extend(drawings::sheets());
    std::fs::write(out.join("fragment-sign.html"), forms::sign_fragment().into_string())?;
    std::fs::write(out.join("index.html"), contents(&sheets).render().into_string())?;
    for (name, page) in &sheets {
        std::fs::write(out.join(format!("{name}.html")), page.render().into_string())?;
    }
    Ok(())
}

fn contents(sheets: &[Sheet]) -> Page {
    let body: Markup = html! {
        (PageHead { title: "Gallery".into(), lead: "Every component with sample data.".into(), ..PageHead::default() })
        ul.rows { @for (name, page) in sheets { li { a href={ "/" (name) ".html" } { (page.title) } } } }
    };
    frame::page(None, "Gallery", body)
}
