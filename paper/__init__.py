"""The paper: from recorded results to figures, tables, numbers and the page. No part of the installed package."""
