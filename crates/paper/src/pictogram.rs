//! Small drawings that say without words what is meant. Each is drawn in a square of 100 units.

use std::f32::consts::TAU;

use crate::area::Area;
use crate::sheet::{End, Sheet, Solid, polyline};

/// What is drawn.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Pictogram {
    /// A cylinder of oxygen and a drop: oxygen, dialysis, insulin.
    Treatment,
    /// A thermometer and a plaster.
    Injury,
    /// Somebody with a stick, and a hand on the back.
    Support,
    /// Two people, one of them speaking. It never gets words about violence.
    Talk,
    /// A torch that shines.
    Torch,
    /// A sheet with lines and a pencil.
    Write,
    /// Scissors on a dashed line.
    Cut,
    /// A bell.
    Bell,
    /// Tally marks, as people count in Japan: 正.
    Tally,
    /// A plug and its socket.
    Plug,
}

impl Pictogram {
    /// Draws it into the middle of an area.
    pub(crate) fn draw(self, sheet: &mut Sheet<'_, '_>, area: Area) {
        let mut pen = Pen { sheet, square: area.square() };
        match self {
            Self::Treatment => treatment(&mut pen),
            Self::Injury => injury(&mut pen),
            Self::Support => support(&mut pen),
            Self::Talk => talk(&mut pen),
            Self::Torch => torch(&mut pen),
            Self::Write => write(&mut pen),
            Self::Cut => cut(&mut pen),
            Self::Bell => bell(&mut pen),
            Self::Tally => tally(&mut pen),
            Self::Plug => plug(&mut pen),
        }
    }
}

type Spot = (f32, f32);

struct Pen<'p, 'a, 's> {
    sheet: &'p mut Sheet<'a, 's>,
    square: Area,
}

impl Pen<'_, '_, '_> {
    fn shape(&mut self, points: &[Spot], end: End, solid: Solid) {
        let scale = self.square.width / 100.0;
        let spots: Vec<Spot> =
            points.iter().map(|(x, y)| (self.square.left + x * scale, self.square.top + y * scale)).collect();
        self.sheet.shape(&polyline(&spots, end), solid, 6.0 * scale);
    }

    fn line(&mut self, points: &[Spot]) {
        self.shape(points, End::Open, Solid::Outline);
    }

    fn outline(&mut self, points: &[Spot]) {
        self.shape(points, End::Closed, Solid::Outline);
    }

    fn fill(&mut self, points: &[Spot]) {
        self.shape(points, End::Closed, Solid::Filled);
    }

    fn disc(&mut self, middle: Spot, radius: f32) {
        self.fill(&arc(middle, radius, 0.0, 1.0));
    }

    fn circle(&mut self, middle: Spot, radius: f32) {
        self.outline(&arc(middle, radius, 0.0, 1.0));
    }
}

/// Points on a circle, from and to in turns; 0 is right, a quarter is below.
fn arc(middle: Spot, radius: f32, from: f32, to: f32) -> Vec<Spot> {
    let at = |step: u8| {
        let angle = (from + (to - from) * f32::from(step) / 24.0) * TAU;
        (middle.0 + radius * angle.cos(), middle.1 + radius * angle.sin())
    };
    (0..=24).map(at).collect()
}

fn treatment(pen: &mut Pen<'_, '_, '_>) {
    let mut cylinder = arc((28.0, 38.0), 17.0, 0.5, 1.0);
    cylinder.extend([(45.0, 92.0), (11.0, 92.0)]);
    pen.outline(&cylinder);
    pen.line(&[(28.0, 21.0), (28.0, 8.0)]);
    pen.line(&[(16.0, 8.0), (40.0, 8.0)]);
    pen.line(&[(20.0, 62.0), (36.0, 62.0)]);
    pen.line(&[(28.0, 54.0), (28.0, 70.0)]);
    let mut drop = arc((75.0, 68.0), 18.0, -0.06, 0.56);
    drop.push((75.0, 26.0));
    pen.fill(&drop);
}

fn injury(pen: &mut Pen<'_, '_, '_>) {
    let mut tube = arc((26.0, 17.0), 10.0, 0.5, 1.0);
    tube.extend(arc((26.0, 76.0), 18.0, -0.16, 0.66));
    pen.outline(&tube);
    pen.disc((26.0, 76.0), 9.0);
    pen.line(&[(26.0, 76.0), (26.0, 34.0)]);
    pen.outline(&[(52.0, 62.0), (80.0, 28.0), (96.0, 42.0), (68.0, 76.0)]);
    for spot in [(70.0, 52.0), (78.0, 52.0), (74.0, 46.0), (74.0, 58.0)] {
        pen.disc(spot, 3.0);
    }
}

fn support(pen: &mut Pen<'_, '_, '_>) {
    pen.disc((66.0, 18.0), 11.0);
    pen.line(&[(62.0, 36.0), (58.0, 64.0), (50.0, 92.0)]);
    pen.line(&[(58.0, 64.0), (70.0, 92.0)]);
    pen.line(&[(62.0, 40.0), (84.0, 56.0)]);
    pen.line(&[(84.0, 52.0), (90.0, 92.0)]);
    pen.disc((24.0, 12.0), 10.0);
    pen.line(&[(24.0, 28.0), (24.0, 62.0), (16.0, 92.0)]);
    pen.line(&[(24.0, 62.0), (33.0, 92.0)]);
    pen.line(&[(24.0, 34.0), (40.0, 50.0), (58.0, 46.0)]);
}

fn talk(pen: &mut Pen<'_, '_, '_>) {
    for middle in [24.0, 76.0] {
        pen.disc((middle, 58.0), 10.0);
        pen.fill(&arc((middle, 92.0), 20.0, 0.5, 1.0));
    }
    pen.outline(&[
        (30.0, 8.0),
        (70.0, 8.0),
        (70.0, 32.0),
        (46.0, 32.0),
        (36.0, 44.0),
        (37.0, 32.0),
        (30.0, 32.0),
    ]);
}

fn torch(pen: &mut Pen<'_, '_, '_>) {
    pen.fill(&[(5.0, 42.0), (38.0, 42.0), (38.0, 58.0), (5.0, 58.0)]);
    pen.outline(&[(38.0, 42.0), (54.0, 30.0), (54.0, 70.0), (38.0, 58.0)]);
    pen.line(&[(64.0, 50.0), (96.0, 50.0)]);
    pen.line(&[(63.0, 36.0), (92.0, 20.0)]);
    pen.line(&[(63.0, 64.0), (92.0, 80.0)]);
}

fn write(pen: &mut Pen<'_, '_, '_>) {
    pen.outline(&[(10.0, 6.0), (68.0, 6.0), (68.0, 94.0), (10.0, 94.0)]);
    for row in [26.0, 44.0, 62.0] {
        pen.line(&[(22.0, row), (50.0, row)]);
    }
    pen.fill(&[(82.0, 30.0), (94.0, 40.0), (64.0, 74.0), (48.0, 82.0), (52.0, 65.0)]);
}

fn cut(pen: &mut Pen<'_, '_, '_>) {
    for left in [4.0, 30.0, 56.0, 82.0] {
        pen.line(&[(left, 84.0), (left + 13.0, 84.0)]);
    }
    pen.circle((20.0, 20.0), 12.0);
    pen.circle((20.0, 56.0), 12.0);
    pen.line(&[(30.0, 26.0), (92.0, 58.0)]);
    pen.line(&[(30.0, 50.0), (92.0, 18.0)]);
}

fn bell(pen: &mut Pen<'_, '_, '_>) {
    let mut body = arc((50.0, 42.0), 26.0, 0.5, 1.0);
    body.extend([(78.0, 70.0), (88.0, 78.0), (12.0, 78.0), (22.0, 70.0)]);
    pen.fill(&body);
    pen.disc((50.0, 86.0), 9.0);
    pen.line(&[(50.0, 16.0), (50.0, 6.0)]);
    pen.line(&arc((50.0, 42.0), 42.0, 0.42, 0.55));
    pen.line(&arc((50.0, 42.0), 42.0, 0.95, 1.08));
}

fn tally(pen: &mut Pen<'_, '_, '_>) {
    pen.line(&[(14.0, 14.0), (86.0, 14.0)]);
    pen.line(&[(50.0, 14.0), (50.0, 86.0)]);
    pen.line(&[(50.0, 50.0), (80.0, 50.0)]);
    pen.line(&[(26.0, 40.0), (26.0, 86.0)]);
    pen.line(&[(6.0, 86.0), (94.0, 86.0)]);
}

fn plug(pen: &mut Pen<'_, '_, '_>) {
    pen.line(&[(4.0, 50.0), (26.0, 50.0)]);
    let mut body = arc((44.0, 50.0), 20.0, 0.25, 0.75);
    body.extend([(56.0, 30.0), (56.0, 70.0)]);
    pen.fill(&body);
    pen.line(&[(56.0, 40.0), (70.0, 40.0)]);
    pen.line(&[(56.0, 60.0), (70.0, 60.0)]);
    pen.line(&[(82.0, 22.0), (82.0, 78.0)]);
    pen.line(&[(82.0, 40.0), (96.0, 40.0)]);
    pen.line(&[(82.0, 60.0), (96.0, 60.0)]);
}
