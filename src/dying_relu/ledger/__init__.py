"""The claims, the one rule that judges them, and the picture of the verdicts."""

from dying_relu.design.contents import Contents, Kind

CONTENTS = Contents(kinds={"verdicts": Kind("every claim's estimate against its region", tables=())})
