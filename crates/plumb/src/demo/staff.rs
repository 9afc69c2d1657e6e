//! The people, places and roles of the demo company, Brezza Medical in Bologna.

use super::company::Company;
use base::Result;
use serde_json::json;

/// User name, full name, roles, job function, department.
type Member = (&'static str, &'static str, &'static [&'static str], &'static str, &'static str);

const STAFF: &[Member] = &[
    ("l.ferri", "Luca Ferri", &["design_engineer"], "ENG", "RND"),
    ("m.rossi", "Marta Rossi", &["engineering_manager"], "ENG", "RND"),
    ("m.ortiz", "Maria Ortiz", &["quality_manager"], "QA", "QUA"),
    ("g.bianchi", "Giulia Bianchi", &["quality_engineer"], "QA", "QUA"),
    ("d.weber", "Dana Weber", &["document_controller"], "QA", "QUA"),
    ("r.nilsson", "Rasmus Nilsson", &["regulatory_affairs"], "QA", "QUA"),
    ("s.patel", "Sunita Patel", &["supplier_manager"], "BUY", "PUR"),
    ("t.moreau", "Thierry Moreau", &["training_manager"], "QA", "QUA"),
    ("v.greco", "Valentina Greco", &["supervisor"], "LEAD", "ASM"),
    ("i.keller", "Ines Keller", &["inspector"], "", ""),
    ("o.adeyemi", "Ola Adeyemi", &["operator"], "ASSEMBLER", "ASM"),
    ("p.bauer", "Petra Bauer", &["operator"], "ASSEMBLER", "ASM"),
    ("c.costa", "Carlo Costa", &["operator"], "ASSEMBLER", "ASM"),
    ("e.duval", "Elise Duval", &["operator"], "ASSEMBLER", "ASM"),
    ("f.esposito", "Franco Esposito", &["operator"], "ASSEMBLER", "ASM"),
    ("h.fontana", "Helena Fontana", &["operator"], "ASSEMBLER", "ASM"),
    ("k.gallo", "Katia Gallo", &["operator"], "ASSEMBLER", "ASM"),
    ("n.hoxha", "Nora Hoxha", &["operator"], "ASSEMBLER", "ASM"),
    ("q.ivanova", "Katerina Ivanova", &["operator"], "ASSEMBLER", "ASM"),
    ("u.jensen", "Ulla Jensen", &["operator"], "ASSEMBLER", "ASM"),
    ("w.kone", "Awa Kone", &["operator"], "ASSEMBLER", "ASM"),
    ("x.lombardi", "Sandro Lombardi", &["operator"], "ASSEMBLER", "ASM"),
    ("y.marino", "Ylenia Marino", &["operator"], "RECEIVER", "INC"),
    ("z.novak", "Zora Novak", &["operator"], "RECEIVER", "INC"),
    ("j.olsen", "Jonas Olsen", &["operator"], "RECEIVER", "INC"),
];

/// The twelve who assemble; the assembly procedure concerns them.
pub fn assemblers() -> impl Iterator<Item = &'static str> {
    in_function("ASSEMBLER")
}

/// Those who inspect what suppliers deliver.
pub fn receivers() -> impl Iterator<Item = &'static str> {
    in_function("RECEIVER")
}

fn in_function(function: &'static str) -> impl Iterator<Item = &'static str> {
    STAFF.iter().filter(move |member| member.3 == function).map(|member| member.0)
}

/// Everybody with a role to sign in with, for the printed list.
pub fn logins() -> impl Iterator<Item = (&'static str, &'static str, &'static str)> {
    STAFF.iter().take(11).map(|(login, name, roles, _, _)| (*login, *name, roles.first().copied().unwrap_or("")))
}

/// Makes sites, departments, functions, equipment and everybody above.
pub fn hire(company: &Company, administrator: &str) -> Result<()> {
    let place = |kind: &str, number: &str, title: &str, fields: serde_json::Value| {
        company.create(administrator, kind, title, fields, json!({ "number": number }))
    };
    place("site", "BLQ", "Bologna works", json!({ "zone": "Europe/Rome" }))?;
    place("site", "RST", "Rochester service centre", json!({ "zone": "America/New_York" }))?;
    for (number, title) in [("RND", "Research and development"), ("QUA", "Quality"), ("ASM", "Assembly"), ("INC", "Incoming goods"), ("PUR", "Purchasing")] {
        place("department", number, title, json!({}))?;
    }
    for (number, title) in [
        ("ENG", "Engineer"),
        ("QA", "Quality specialist"),
        ("BUY", "Buyer"),
        ("LEAD", "Line leader"),
        ("ASSEMBLER", "Ventilator assembler"),
        ("RECEIVER", "Incoming inspector"),
    ] {
        place("job_function", number, title, json!({}))?;
    }
    place("equipment", "LT-01", "Oxygen leak test bench", json!({ "maker": "Tessera Instruments", "serial": "LTB-2214" }))?;
    for (login, name, roles, function, department) in STAFF {
        let list = |value: &str| if value.is_empty() { json!([]) } else { json!([value]) };
        company.run(
            administrator,
            "person.create",
            json!({
                "login": login,
                "name": name,
                "email": format!("{login}@brezza.example"),
                "zone": "Europe/Rome",
                "password": first_password(login),
                "identity_verified": "identity card seen by personnel",
                "job_functions": list(function),
                "departments": list(department),
                "equipment": if *function == "ASSEMBLER" { json!(["LT-01"]) } else { json!([]) },
            }),
        )?;
        for role in *roles {
            company.run(administrator, "role.grant", json!({ "person": login, "role": role }))?;
        }
        change_first_password(company, login)?;
    }
    Ok(())
}

fn first_password(login: &str) -> String {
    format!("first entry for {}", login.replace('.', "-"))
}

/// Everybody chooses their own password before they do anything else, here as in life.
fn change_first_password(company: &Company, login: &str) -> Result<()> {
    let actor = kernel::session::sign_in(&company.kernel, kernel::MAIN_TENANT, login, &first_password(login))?.actor;
    let input = json!({ "current_password": first_password(login), "password": company.password() });
    company.kernel.execute(&actor, &kernel::command::Request::new("password.change", input, format!("first-password-{login}")))?;
    Ok(())
}
