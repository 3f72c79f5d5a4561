//! The condition that the program writes, as the API server would evaluate it.

use std::{
    io::Write,
    process::{Command, Stdio},
    sync::Arc,
};

use cel::{Context, Env, Program, Value, extensions};
use serde_json::{Value as Json, json};

/// What `enforcer manifest` writes as the condition for settings, `None` where it writes none.
pub fn expression(settings: &Json) -> Option<String> {
    let mut command = Command::new(env!("CARGO_BIN_EXE_enforcer"));
    command.args(["manifest", "--settings", "-", "--module", "registry://reg.example/registry-enforcer:v1"]);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().expect("the program starts");
    let mut input = child.stdin.take().expect("its input");
    input.write_all(settings.to_string().as_bytes()).expect("it reads all");
    drop(input);
    let output = child.wait_with_output().expect("the program ends");
    assert!(output.status.success(), "{settings}\n{}", String::from_utf8_lossy(&output.stderr));
    let documents = yaml_serde::Deserializer::from_slice(&output.stdout);
    let documents = documents.map(|document| serde::Deserialize::deserialize(document).expect("YAML"));
    let policy: Json = documents.last().expect("a policy");
    let condition = policy["spec"]["matchConditions"].get(0)?;
    Some(condition["expression"].as_str().expect("an expression").to_owned())
}

/// A condition, ready to be evaluated.
pub struct Condition {
    environment: Arc<Env>,
    program: Program,
}

impl Condition {
    /// Compiles an expression.
    pub fn new(expression: &str) -> Self {
        let mut environment = Env::stdlib();
        environment.add_extension(extensions::strings).expect("an extension");
        let environment = Arc::new(environment);
        let program = environment.compile(expression).unwrap_or_else(|cause| panic!("{cause}\n{expression}"));
        Self { environment, program }
    }

    /// Whether the policy is asked about a request. The object is not in the request there, but beside it.
    pub fn asks(&self, request: &Json) -> Result<bool, String> {
        let mut context = Context::with_env(Arc::clone(&self.environment));
        let mut about = request.clone();
        let object = about.as_object_mut().and_then(|about| about.remove("object")).unwrap_or(json!(null));
        context.add_variable_from_value("object", cel::to_value(&object).expect("a value"));
        context.add_variable_from_value("request", cel::to_value(&about).expect("a value"));
        match self.program.execute(&context) {
            Ok(Value::Bool(asks)) => Ok(asks),
            Ok(other) => Err(format!("{other:?} is not a boolean")),
            Err(cause) => Err(cause.to_string()),
        }
    }
}
